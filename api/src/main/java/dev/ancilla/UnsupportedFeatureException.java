package dev.ancilla;

/**
 * Says that the provider of a socket lacks a {@link Feature}. It is thrown before any system call,
 * so nothing has happened.
 */
public final class UnsupportedFeatureException extends UnsupportedOperationException {
  private static final long serialVersionUID = 1L;

  /** What was asked for. */
  private final Feature feature;

  /** Who was asked. */
  private final String provider;

  /**
   * Creates an exception.
   *
   * @param feature what was asked for
   * @param provider the name of the provider that was asked
   * @param request what the caller wanted, such as {@code maxDescriptors(100)}
   */
  public UnsupportedFeatureException(Feature feature, String provider, String request) {
    super(
        request
            + " needs "
            + feature
            + ", which provider "
            + provider
            + " lacks here; it is in "
            + feature.where());
    this.feature = feature;
    this.provider = provider;
  }

  /**
   * Returns what was asked for.
   *
   * @return the missing feature
   */
  public Feature feature() {
    return feature;
  }

  /**
   * Returns who was asked.
   *
   * @return the name of the provider
   */
  public String provider() {
    return provider;
  }
}

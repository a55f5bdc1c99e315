package dev.ancilla.spi;

/**
 * What a builder asks of a message socket beside its kind; the engine has checked it against the
 * provider's features.
 *
 * @param maxDescriptors how many descriptors a message may bring; 0 lets the kernel discard them
 * @param prefetch how many messages may be taken out of the kernel's queue before anybody asks for
 *     them; a provider without such a call takes one at a time
 * @param credentials whether each message tells who sent it
 * @param pidfds whether each message brings a descriptor of the process that sent it
 * @param timestamps whether each message tells when the kernel took it
 */
public record DgramOptions(
    int maxDescriptors, int prefetch, boolean credentials, boolean pidfds, boolean timestamps) {
  /** The most messages that are prefetched. */
  public static final int MAX_PREFETCH = 64;

  /** What a socket gets that asks for nothing. */
  public static final DgramOptions DEFAULT = new DgramOptions(0, MAX_PREFETCH, false, false, false);

  /**
   * Returns these options with another number of descriptors.
   *
   * @param count how many descriptors a message may bring
   * @return the options
   */
  public DgramOptions withMaxDescriptors(int count) {
    return new DgramOptions(count, prefetch, credentials, pidfds, timestamps);
  }

  /**
   * Returns these options with another prefetch.
   *
   * @param count how many messages, 0 for none before they are asked for
   * @return the options
   */
  public DgramOptions withPrefetch(int count) {
    return new DgramOptions(maxDescriptors, count, credentials, pidfds, timestamps);
  }

  /**
   * Returns these options with the sender's credentials.
   *
   * @return the options
   */
  public DgramOptions withCredentials() {
    return new DgramOptions(maxDescriptors, prefetch, true, pidfds, timestamps);
  }

  /**
   * Returns these options with a descriptor of the sender's process.
   *
   * @return the options
   */
  public DgramOptions withPidfds() {
    return new DgramOptions(maxDescriptors, prefetch, credentials, true, timestamps);
  }

  /**
   * Returns these options with the time of each message.
   *
   * @return the options
   */
  public DgramOptions withTimestamps() {
    return new DgramOptions(maxDescriptors, prefetch, credentials, pidfds, true);
  }
}

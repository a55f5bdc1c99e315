package dev.ancilla;

import dev.ancilla.spi.SocketKind;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Sockets#providers()} tells of one provider.
 *
 * @param name its name, as {@code -Dancilla.provider} takes it; {@code (not loaded)} if it could
 *     not even be loaded, and then the reason says which
 * @param unavailable why it cannot work here, or {@code null} if it can
 * @param priority its rank; of those with a kind the highest is taken
 * @param features what it can do, by kind of socket
 * @param descriptorLimit how many descriptors a message can bring
 */
public record ProviderInfo(
    String name,
    @Nullable String unavailable,
    int priority,
    Map<SocketKind, Set<Feature>> features,
    int descriptorLimit) {
  /**
   * Tells whether it can work here.
   *
   * @return whether it is available
   */
  public boolean available() {
    return unavailable == null;
  }
}

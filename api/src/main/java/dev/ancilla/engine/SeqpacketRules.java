package dev.ancilla.engine;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The rules of sequenced packets, which go to the peer: the kernel would ignore another target
 * ({@code unix_seqpacket_sendmsg} of net/unix/af_unix.c).
 */
final class SeqpacketRules extends UnixRules {
  @Override
  public @Nullable SocketAddress forSend(@Nullable SocketAddress target) {
    if (target != null) {
      throw new IllegalArgumentException(
          "send " + target + ": sequenced packets go to the connected peer only");
    }
    return null;
  }

  @Override
  public boolean mayReconnect() {
    return false;
  }

  /** A batch of another kind of socket may have targets. */
  @Override
  public boolean areOpen() {
    return false;
  }
}

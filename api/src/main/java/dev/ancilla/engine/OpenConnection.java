package dev.ancilla.engine;

import dev.ancilla.Feature;
import dev.ancilla.OwnedFd;
import dev.ancilla.PeerCredentials;
import dev.ancilla.UnixConnection;
import dev.ancilla.spi.ConnectionTransport;
import dev.ancilla.spi.Interest;
import java.io.IOException;

/** What the open ends of connections share: two directions that end, and a peer. */
interface OpenConnection extends UnixConnection {
  /** Returns this end. */
  OpenSocket<?> socket();

  /** Returns its transport. */
  ConnectionTransport connection();

  @Override
  default void shutdownInput() throws IOException {
    shutdown(Interest.READ);
  }

  @Override
  default void shutdownOutput() throws IOException {
    shutdown(Interest.WRITE);
  }

  private void shutdown(Interest interest) throws IOException {
    socket().checkOpen("shutdown", null);
    socket()
        .attempt(
            interest,
            () -> {
              connection().shutdown(interest);
              return interest;
            });
  }

  @Override
  default PeerCredentials peerCredentials() throws IOException {
    socket().checkOpen("getsockopt", null);
    return connection().peerCredentials();
  }

  @Override
  default OwnedFd peerPidfd() throws IOException {
    socket().checkOpen("getsockopt", null);
    socket().checkFeature(Feature.PEER_PIDFD, "peerPidfd");
    return connection().peerPidfd();
  }
}

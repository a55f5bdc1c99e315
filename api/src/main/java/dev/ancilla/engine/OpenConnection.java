package dev.ancilla.engine;

import dev.ancilla.Errno;
import dev.ancilla.Feature;
import dev.ancilla.OwnedFd;
import dev.ancilla.PeerCredentials;
import dev.ancilla.SocketOpException;
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
    checkPeer();
    return connection().peerCredentials();
  }

  @Override
  default OwnedFd peerPidfd() throws IOException {
    socket().checkOpen("getsockopt", null);
    socket().checkFeature(Feature.PEER_PIDFD, "peerPidfd");
    checkPeer();
    return connection().peerPidfd();
  }

  /** The kernel tells of a peer where there is none too: process 0, and no user. */
  private void checkPeer() throws IOException {
    if (connection().remoteAddress() == null) {
      throw new SocketOpException(
          "getsockopt", Errno.ENOTCONN, null, connection().localAddress(), null);
    }
  }
}

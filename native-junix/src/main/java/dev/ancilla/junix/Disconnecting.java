package dev.ancilla.junix;

import java.io.FileDescriptor;
import java.io.IOException;
import org.newsclub.net.unix.AFUNIXDatagramChannel;

/** Dissolving a connection: on JDK 17 junixsocket's public call does nothing at all. */
final class Disconnecting {
  private Disconnecting() {}

  /** Tries it on two sockets that are closed again. */
  static boolean worksInPublic() {
    try (AFUNIXDatagramChannel peer = AFUNIXDatagramChannel.open();
        AFUNIXDatagramChannel socket = AFUNIXDatagramChannel.open()) {
      peer.setDeleteOnClose(false);
      peer.bind(Addresses.toJunix(Addresses.randomName()));
      socket.connect(peer.getLocalAddress());
      socket.disconnect();
      return socket.getRemoteAddress() == null;
    } catch (IOException e) {
      return false;
    }
  }

  static void disconnect(AFUNIXDatagramChannel channel) throws IOException {
    Internals internals = Internals.get();
    if (internals != null) {
      FileDescriptor fd = channel.getFileDescriptor();
      internals.disconnect(fd);
    } else {
      channel.disconnect();
    }
  }
}

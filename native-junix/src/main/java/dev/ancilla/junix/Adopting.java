package dev.ancilla.junix;

import dev.ancilla.Errno;
import dev.ancilla.OwnedFd;
import dev.ancilla.SocketOpException;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.SelectorLoop;
import java.io.FileDescriptor;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Socket;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.FileDescriptorCast;

/** Making a socket of a descriptor that was opened elsewhere. */
final class Adopting {
  private Adopting() {}

  static JunixDgram adopt(SelectorLoop loop, int maxDescriptors, OwnedFd owned) throws IOException {
    FileDescriptor copy;
    try (OwnedFd.Hold hold = owned.hold()) {
      FileDescriptor fd = javaDescriptor(hold.handle());
      check(fd, owned);
      copy = FileDescriptorCast.duplicating(fd).getFileDescriptor();
    }
    JunixDgram adopted = JunixDgram.over(copy, loop, maxDescriptors);
    owned.close();
    return adopted;
  }

  static FileDescriptor javaDescriptor(FdHandle handle) throws IOException {
    return handle instanceof JunixFd own
        ? own.fileDescriptor()
        : FileDescriptorCast.unsafeUsing(handle.number()).getFileDescriptor();
  }

  private static void check(FileDescriptor fd, OwnedFd owned) throws IOException {
    FileDescriptorCast cast = FileDescriptorCast.using(fd);
    if (cast.isAvailable(AFUNIXDatagramChannel.class)) {
      return;
    }
    boolean socket =
        cast.isAvailable(AFUNIXSocketChannel.class)
            || cast.isAvailable(Socket.class)
            || cast.isAvailable(DatagramSocket.class);
    throw new SocketOpException(
        "adopt",
        socket ? Errno.EPROTOTYPE : Errno.ENOTSOCK,
        owned + " is " + (socket ? "another kind of socket" : "no Unix datagram socket"),
        null,
        null);
  }
}

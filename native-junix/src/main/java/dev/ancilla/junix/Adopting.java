package dev.ancilla.junix;

import dev.ancilla.Errno;
import dev.ancilla.OwnedFd;
import dev.ancilla.SocketOpException;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.Transport;
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

  /** What a descriptor has to be. */
  enum Kind {
    DGRAM("Unix datagram socket", AFUNIXDatagramChannel.class),
    STREAM("Unix stream socket", AFUNIXSocketChannel.class),
    SERVER("Unix stream socket that listens", AFUNIXSocketChannel.class);

    private final String words;
    private final Class<?> type;

    Kind(String words, Class<?> type) {
      this.words = words;
      this.type = type;
    }
  }

  /** Makes a transport of a descriptor, which it owns from then on, also if that fails. */
  @FunctionalInterface
  interface Over<T extends Transport> {
    T make(FileDescriptor fd) throws IOException;
  }

  static <T extends Transport> T adopt(OwnedFd owned, Kind kind, Over<T> over) throws IOException {
    FileDescriptor copy;
    try (OwnedFd.Hold hold = owned.hold()) {
      FileDescriptor fd = javaDescriptor(hold.handle());
      check(fd, kind, owned);
      copy = FileDescriptorCast.duplicating(fd).getFileDescriptor();
    }
    T adopted = over.make(copy);
    owned.close();
    return adopted;
  }

  static FileDescriptor javaDescriptor(FdHandle handle) throws IOException {
    return handle instanceof JunixFd own
        ? own.fileDescriptor()
        : FileDescriptorCast.unsafeUsing(handle.number()).getFileDescriptor();
  }

  private static void check(FileDescriptor fd, Kind kind, OwnedFd owned) throws IOException {
    FileDescriptorCast cast = FileDescriptorCast.using(fd);
    if (!cast.isAvailable(kind.type)) {
      boolean socket =
          cast.isAvailable(AFUNIXSocketChannel.class)
              || cast.isAvailable(AFUNIXDatagramChannel.class)
              || cast.isAvailable(Socket.class)
              || cast.isAvailable(DatagramSocket.class);
      throw socket
          ? refused(Errno.EPROTOTYPE, owned + " is another kind of socket")
          : refused(Errno.ENOTSOCK, owned + " is no " + kind.words);
    }
    if (kind != Kind.DGRAM && Natives.get().listens(fd) != (kind == Kind.SERVER)) {
      throw refused(Errno.EINVAL, owned + " is no " + kind.words);
    }
  }

  private static SocketOpException refused(Errno errno, String why) {
    return new SocketOpException("adopt", errno, why, null, null);
  }
}

package dev.ancilla.junix;

import dev.ancilla.Errno;
import dev.ancilla.SocketOpException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AddressUnavailableSocketException;
import org.newsclub.net.unix.BrokenPipeSocketException;
import org.newsclub.net.unix.ConnectionResetSocketException;
import org.newsclub.net.unix.InvalidArgumentSocketException;
import org.newsclub.net.unix.NotConnectedSocketException;

/** What junixsocket throws, as operation, addresses and errno. It tells a class and a text only. */
final class Failures {
  private static final Map<Class<?>, Errno> BY_CLASS =
      Map.of(
          org.newsclub.net.unix.ConnectionRefusedSocketException.class, Errno.ECONNREFUSED,
          ConnectionResetSocketException.class, Errno.ECONNRESET,
          BrokenPipeSocketException.class, Errno.EPIPE,
          org.newsclub.net.unix.AddressAlreadyInUseSocketException.class, Errno.EADDRINUSE,
          AddressUnavailableSocketException.class, Errno.EADDRNOTAVAIL,
          InvalidArgumentSocketException.class, Errno.EINVAL,
          NotConnectedSocketException.class, Errno.ENOTCONN);

  private Failures() {}

  static SocketOpException of(
      String operation,
      Exception e,
      @Nullable SocketAddress local,
      @Nullable SocketAddress remote) {
    SocketOpException failure =
        new SocketOpException(operation, errnoOf(e), causeOf(e).getMessage(), local, remote);
    failure.initCause(e);
    return failure;
  }

  static Errno errnoOf(Exception e) {
    Throwable cause = causeOf(e);
    Errno errno = BY_CLASS.get(cause.getClass());
    return errno == null ? LocalTexts.errno(cause.getMessage()) : errno;
  }

  private static Throwable causeOf(Exception e) {
    boolean wrapper = e instanceof ClosedChannelException || e instanceof NotYetConnectedException;
    return wrapper && e.getCause() != null ? e.getCause() : e;
  }

  /** A message of whose descriptors not all fit is lost: junixsocket reports no more than that. */
  static SocketOpException ofReceive(IOException e, @Nullable SocketAddress local) {
    SocketOpException failure = of("receive", e, local, null);
    if (failure.errno() != Errno.ENOBUFS) {
      return failure;
    }
    SocketOpException lost =
        new SocketOpException(
            "receive",
            Errno.ENOBUFS,
            "a message was lost: it brought more descriptors than this process could take",
            local,
            null);
    lost.initCause(e);
    return lost;
  }
}

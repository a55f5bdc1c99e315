package dev.ancilla.engine;

import java.net.SocketAddress;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/** The JDK's exceptions for wrong states, with the message the JDK's own constructors leave out. */
final class Failures {
  private Failures() {}

  static ClosedChannelException closed(String operation, @Nullable Object subject) {
    return new Closed(
        operation + (subject == null ? "" : " " + subject) + ": the socket is closed");
  }

  static AlreadyBoundException alreadyBound(SocketAddress wanted, SocketAddress current) {
    return new Bound("bind " + wanted + ": the socket is already bound to " + current);
  }

  static AlreadyConnectedException alreadyConnected(SocketAddress wanted, SocketAddress current) {
    return new Connected("connect " + wanted + ": the socket is already connected to " + current);
  }

  private static final class Closed extends ClosedChannelException {
    private static final long serialVersionUID = 1L;
    private final String message;

    Closed(String message) {
      this.message = message;
    }

    @Override
    public String getMessage() {
      return message;
    }
  }

  private static final class Bound extends AlreadyBoundException {
    private static final long serialVersionUID = 1L;
    private final String message;

    Bound(String message) {
      this.message = message;
    }

    @Override
    public String getMessage() {
      return message;
    }
  }

  private static final class Connected extends AlreadyConnectedException {
    private static final long serialVersionUID = 1L;
    private final String message;

    Connected(String message) {
      this.message = message;
    }

    @Override
    public String getMessage() {
      return message;
    }
  }
}

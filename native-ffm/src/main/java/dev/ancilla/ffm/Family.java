package dev.ancilla.ffm;

import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** What sockets of one family do in their own way: everything but their messages and waits. */
interface Family {
  /** Opens a socket: {@link Sock#DGRAM}, {@link Sock#STREAM} or {@link Sock#SEQPACKET}. */
  int open(int type) throws IOException;

  /** Returns what a socket is called that has no name. */
  SocketAddress unbound();

  /**
   * Gives a socket its name.
   *
   * @param mode the permission bits of a file, or -1 for those that the umask leaves
   */
  void bind(int fd, SocketAddress address, int mode) throws IOException;

  /** Dissolves a connection; the socket keeps its name. */
  void disconnect(int fd) throws IOException;

  /**
   * Whether messages wait at their targets: a sender waits for room there, a connected one sends to
   * others too, and who leaves its peer loses what it has not received.
   */
  boolean queuesAtTarget();

  /** Returns the errno of a send in the words that all platforms have for it. */
  default int told(int result, @Nullable SocketAddress target) {
    return result;
  }
}

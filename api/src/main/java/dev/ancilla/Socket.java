package dev.ancilla;

import dev.ancilla.spi.Readiness;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What all sockets share.
 *
 * <p><b>Ownership.</b> Whoever opened a socket closes it. A socket file that binding made is
 * removed on close, if it is still the same file.
 *
 * <p><b>Threading.</b> Every member may be called from any thread, and none waits for a peer. The
 * library implements this interface; programs do not.
 *
 * <p><b>Closing.</b> {@link #close()} may be called from any thread and wakes every waiter with
 * {@link ClosedChannelException}. After it every member but {@link #provider()}, {@link
 * #features()}, {@link #eventLoop()}, {@link #isOpen()}, {@link #closed()} and {@code close} throws
 * that.
 */
public interface Socket extends AutoCloseable {
  /**
   * Returns the socket's own address.
   *
   * @return the address; for a Unix socket that was not bound {@link UnixAddress#unnamed()}
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  SocketAddress localAddress() throws IOException;

  /**
   * Returns the address of the connected peer.
   *
   * @return the address, or {@code null} if this socket is not connected
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  @Nullable SocketAddress remoteAddress() throws IOException;

  /**
   * Returns the size of the kernel's send buffer ({@code SO_SNDBUF}).
   *
   * @return the size in bytes; Linux counts its own overhead in and so tells twice what was asked
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  int sendBufferSize() throws IOException;

  /**
   * Asks for a size of the kernel's send buffer ({@code SO_SNDBUF}). It bounds the largest Unix
   * datagram.
   *
   * @param bytes the size, at least 1; the kernel bounds it
   * @throws IllegalArgumentException if the size is less than 1
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  void sendBufferSize(int bytes) throws IOException;

  /**
   * Returns the size of the kernel's receive buffer ({@code SO_RCVBUF}).
   *
   * @return the size in bytes; Linux counts its own overhead in and so tells twice what was asked
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  int receiveBufferSize() throws IOException;

  /**
   * Asks for a size of the kernel's receive buffer ({@code SO_RCVBUF}).
   *
   * @param bytes the size, at least 1; the kernel bounds it
   * @throws IllegalArgumentException if the size is less than 1
   * @throws ClosedChannelException if this socket is closed
   * @throws IOException if the kernel refuses
   */
  void receiveBufferSize(int bytes) throws IOException;

  /**
   * Returns the name of the provider behind this socket.
   *
   * @return the name, such as {@code native-junix}
   */
  String provider();

  /**
   * Returns what this socket can do here.
   *
   * @return the features of its kind on its provider
   */
  Set<Feature> features();

  /**
   * Returns the loop that waits for this socket.
   *
   * @return the loop
   */
  EventLoop eventLoop();

  /**
   * Returns the readiness of this socket, for those who build a calling style of their own.
   *
   * @return the readiness
   */
  Readiness readiness();

  /**
   * Tells whether an open socket keeps the process alive. The library's threads are daemons, so by
   * default it does not; with {@code true} one more thread, not a daemon, lives until the last such
   * socket is closed or told otherwise. May be called again, and after close does nothing.
   *
   * @param keep whether to keep the process alive
   */
  void keepProcessAlive(boolean keep);

  /**
   * Tells whether this socket is open.
   *
   * @return {@code false} once {@link #close()} was called
   */
  boolean isOpen();

  /** Closes this socket. Idempotent; from any thread; does not wait. */
  @Override
  void close();

  /**
   * Returns the end of this socket.
   *
   * @return a stage that completes, on the event loop, once this socket is closed; a completed one
   *     if it is closed already
   */
  CompletionStage<Void> closed();
}

package dev.ancilla;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import org.jspecify.annotations.Nullable;

/**
 * One socket's membership in one multicast group, on one interface. It ends with {@link #drop()},
 * or with the socket.
 *
 * <p><b>Threading.</b> Safe for use by several threads.
 */
public interface Membership extends AutoCloseable {
  /**
   * Returns the group.
   *
   * @return the group's address
   */
  InetAddress group();

  /**
   * Returns the interface.
   *
   * @return the interface, or {@code null} if the kernel chose
   */
  @Nullable NetworkInterface networkInterface();

  /**
   * Returns whose messages alone are received.
   *
   * @return the source, or {@code null} for any
   */
  @Nullable InetAddress source();

  /**
   * Tells whether the membership holds.
   *
   * @return {@code false} once it was dropped, or the socket was closed
   */
  boolean isValid();

  /**
   * Leaves the group.
   *
   * @throws java.nio.channels.ClosedChannelException if the socket is closed
   * @throws SocketOpException {@code EADDRNOTAVAIL} if this membership was dropped already
   * @throws IOException if it fails otherwise
   */
  void drop() throws IOException;

  /** Leaves the group, unless it was left. Idempotent; a failure is told to the log. */
  @Override
  void close();
}

package dev.ancilla;

import java.net.SocketAddress;
import java.net.SocketException;
import org.jspecify.annotations.Nullable;

/**
 * Says that the kernel refused an operation on a socket: which operation, between which addresses,
 * and why.
 *
 * <p>The socket stays as it was and can be used further, unless the documentation of the operation
 * says otherwise. The message reads {@code send ENOENT unix:/run/x.sock: No such file or
 * directory}.
 */
public final class SocketOpException extends SocketException {
  private static final long serialVersionUID = 1L;

  /** The operation, as a POSIX word. */
  private final String operation;

  /** The symbolic reason. */
  private final Errno errno;

  /** What the kernel or the library underneath said. */
  private final String text;

  /** The address of the socket, if it has one. */
  private final @Nullable SocketAddress localAddress;

  /** The address the operation was for, if there is one. */
  private final @Nullable SocketAddress remoteAddress;

  /**
   * Creates an exception.
   *
   * @param operation the POSIX word: {@code bind}, {@code connect}, {@code send}, {@code receive}
   * @param errno the symbolic reason
   * @param text the reason in words, or {@code null} for the text of {@code errno}
   * @param localAddress the socket's own address, if known
   * @param remoteAddress the address the operation was for, if there is one
   */
  public SocketOpException(
      String operation,
      Errno errno,
      @Nullable String text,
      @Nullable SocketAddress localAddress,
      @Nullable SocketAddress remoteAddress) {
    super(describe(operation, errno, text, localAddress, remoteAddress));
    this.operation = operation;
    this.errno = errno;
    this.text = text == null ? errno.text() : text;
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
  }

  private static String describe(
      String operation,
      Errno errno,
      @Nullable String text,
      @Nullable SocketAddress local,
      @Nullable SocketAddress remote) {
    StringBuilder message = new StringBuilder(operation).append(' ').append(errno);
    SocketAddress subject = remote == null ? local : remote;
    if (subject != null) {
      message.append(' ').append(subject);
    }
    message.append(": ").append(text == null ? errno.text() : text);
    if (remote != null && local != null && !local.equals(UnixAddress.unnamed())) {
      message.append(" (from ").append(local).append(')');
    }
    return message.toString();
  }

  /**
   * Returns the operation that failed.
   *
   * @return a POSIX word, such as {@code send}
   */
  public String operation() {
    return operation;
  }

  /**
   * Returns the symbolic reason.
   *
   * @return the reason, {@link Errno#UNKNOWN} if the provider could not map what it was told
   */
  public Errno errno() {
    return errno;
  }

  /**
   * Returns the reason in words, as the kernel or the library underneath gave it.
   *
   * @return the text, possibly in the language of the process
   */
  public String text() {
    return text;
  }

  /**
   * Returns the address of the socket on which the operation failed.
   *
   * @return the address, or {@code null} if it was not known
   */
  public @Nullable SocketAddress localAddress() {
    return localAddress;
  }

  /**
   * Returns the address the operation was for: the target of a send, the peer of a connect.
   *
   * @return the address, or {@code null} if there was none
   */
  public @Nullable SocketAddress remoteAddress() {
    return remoteAddress;
  }
}

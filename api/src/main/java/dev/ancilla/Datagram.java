package dev.ancilla;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One message that came in: its payload, who sent it, and what rode beside it.
 *
 * <p><b>Ownership.</b> Whoever receives it closes it; closing closes the descriptors that were not
 * taken out of {@link #ancillary()}. Descriptors of a forgotten datagram are closed when the
 * garbage collector finds it, with a warning in the log.
 *
 * <p><b>Threading.</b> Immutable but for its descriptors; safe for use by several threads.
 *
 * <pre>{@code
 * InetAddress loopback = InetAddress.getLoopbackAddress();
 * try (UdpSocket socket = Sockets.udp().limit(5).bind(new InetSocketAddress(loopback, 0))) {
 *   socket.blocking().send(Message.of("too long").to(socket.localAddress()));
 *   try (Datagram datagram = socket.blocking().receive()) {
 *     if (datagram.truncated()) {
 *       System.out.println(datagram.text() + "… of " + datagram.size() + " bytes");
 *     }
 *   }
 * }
 * }</pre>
 */
public final class Datagram implements AutoCloseable {
  private final byte @Nullable [] array;
  private final @Nullable ByteBuffer buffer; // Where there is no array.
  private final @Nullable SocketAddress sender;
  private final Ancillary ancillary;
  private final int size;

  /**
   * Creates a datagram; for providers.
   *
   * @param payload the payload from position to limit, which belongs to the datagram from now on
   * @param sender the sender's address, or {@code null} if it has none
   * @param ancillary what rode beside it, which belongs to the datagram from now on
   * @param size the number of bytes that were sent, more than the payload holds if it was cut
   */
  public Datagram(
      ByteBuffer payload, @Nullable SocketAddress sender, Ancillary ancillary, int size) {
    this.array = null;
    this.buffer = payload.asReadOnlyBuffer().slice();
    this.sender = sender;
    this.ancillary = ancillary;
    this.size = size;
  }

  /**
   * Creates a datagram of an array; for providers.
   *
   * @param payload the payload, which belongs to the datagram from now on
   * @param sender the sender's address, or {@code null} if it has none
   * @param ancillary what rode beside it, which belongs to the datagram from now on
   * @param size the number of bytes that were sent, more than the payload holds if it was cut
   */
  public Datagram(byte[] payload, @Nullable SocketAddress sender, Ancillary ancillary, int size) {
    this.array = payload;
    this.buffer = null;
    this.sender = sender;
    this.ancillary = ancillary;
    this.size = size;
  }

  /**
   * Returns the payload.
   *
   * @return a new read-only view of the bytes, which the datagram owns; not to be used after {@link
   *     #close()}
   */
  public ByteBuffer payload() {
    // Views are made when they are asked for: most messages are read once, or as text.
    return array == null ? buffer.duplicate() : ByteBuffer.wrap(array).asReadOnlyBuffer();
  }

  private int length() {
    return array == null ? buffer.remaining() : array.length;
  }

  /**
   * Copies the payload.
   *
   * @return a new array with the bytes
   */
  public byte[] bytes() {
    if (array != null) {
      return array.clone();
    }
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  /**
   * Decodes the payload as UTF-8, with U+FFFD for what is not.
   *
   * @return the text
   */
  public String text() {
    return array == null
        ? StandardCharsets.UTF_8.decode(buffer.duplicate()).toString()
        : new String(array, StandardCharsets.UTF_8);
  }

  /**
   * Returns who sent it.
   *
   * @return the sender's address, to which a reply can be sent, or {@code null} if the sender has
   *     none
   */
  public @Nullable SocketAddress sender() {
    return sender;
  }

  /**
   * Returns what rode beside the message.
   *
   * @return the descriptors and credentials, which this datagram closes
   */
  public Ancillary ancillary() {
    return ancillary;
  }

  /**
   * Returns how many bytes were sent.
   *
   * @return the size, more than the payload holds if it was {@linkplain #truncated() cut}
   */
  public int size() {
    return size;
  }

  /**
   * Tells whether the payload was cut to the limit that the socket was given.
   *
   * @return whether bytes are missing
   */
  public boolean truncated() {
    return size > length();
  }

  /** Closes the descriptors that nobody took. Idempotent. */
  @Override
  public void close() {
    ancillary.close();
  }

  @Override
  public String toString() {
    return "Datagram(size="
        + size
        + ", sender="
        + sender
        + ", descriptors="
        + ancillary.descriptors().size()
        + ")";
  }
}

package dev.ancilla;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One message that goes out: its payload, where to, and what rides beside it.
 *
 * <p><b>Ownership.</b> The bytes are not copied: they must not change until the send has completed.
 * Gathered buffers are the exception, they are copied into one. Descriptors are lent. A message is
 * a value and may be sent many times.
 *
 * <pre>{@code
 * UnixAddress log = UnixAddress.path("/dev/log");
 * Message text = Message.of("<13>hello").to(log);
 * Message parts =
 *     Message.gather(List.of(ByteBuffer.wrap(new byte[] {1, 2}), ByteBuffer.allocate(6)));
 * System.out.println(text + " and " + parts.to(log));
 * }</pre>
 */
public final class Message {
  private static final ByteBuffer NO_BYTES = ByteBuffer.allocate(0);

  private final ByteBuffer payload;
  private final @Nullable SocketAddress target;
  private final Ancillary ancillary;
  private final @Nullable PacketInfo source;

  private Message(
      ByteBuffer payload,
      @Nullable SocketAddress target,
      Ancillary ancillary,
      @Nullable PacketInfo source) {
    this.payload = payload;
    this.target = target;
    this.ancillary = ancillary;
    this.source = source;
  }

  /**
   * Returns a message with the bytes between the buffer's position and limit. The buffer's own
   * position is not changed.
   *
   * @param payload the bytes, possibly none
   * @return the message
   */
  public static Message of(ByteBuffer payload) {
    return new Message(payload.slice().asReadOnlyBuffer(), null, Ancillary.none(), null);
  }

  /**
   * Returns a message with the bytes of an array.
   *
   * @param payload the bytes, possibly none
   * @return the message
   */
  public static Message of(byte[] payload) {
    return of(ByteBuffer.wrap(payload));
  }

  /**
   * Returns a message with a part of an array.
   *
   * @param payload the array
   * @param offset the first byte
   * @param length how many bytes, possibly none
   * @return the message
   * @throws IndexOutOfBoundsException if the part is not within the array
   */
  public static Message of(byte[] payload, int offset, int length) {
    if (offset < 0 || length < 0 || length > payload.length - offset) {
      throw new IndexOutOfBoundsException(
          "offset " + offset + ", length " + length + " of an array of " + payload.length);
    }
    return of(ByteBuffer.wrap(payload, offset, length));
  }

  /**
   * Returns a message with a text in UTF-8.
   *
   * @param payload the text, possibly empty
   * @return the message
   */
  public static Message of(String payload) {
    return of(payload.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Returns a message with the bytes of several buffers, one after the other, as one datagram. They
   * are copied here, so that neither the list nor the number of parts matters later ({@code
   * sendmsg(2)} takes at most 1,024).
   *
   * @param parts the buffers, possibly none; their positions are not changed
   * @return the message
   */
  public static Message gather(List<ByteBuffer> parts) {
    int size = 0;
    for (ByteBuffer part : parts) {
      size = Math.addExact(size, part.remaining());
    }
    ByteBuffer whole = ByteBuffer.allocate(size);
    for (ByteBuffer part : parts) {
      whole.put(part.duplicate());
    }
    return of(whole.flip());
  }

  /**
   * Returns a message without a byte, which still arrives as a message.
   *
   * @return the empty message
   */
  public static Message empty() {
    return of(NO_BYTES);
  }

  /**
   * Returns this message for another target. A name that is not resolved ({@link
   * java.net.InetSocketAddress#createUnresolved}) is looked up by the calls that can wait.
   *
   * @param target where to, or {@code null} for the peer the socket is connected to
   * @return the message with that target
   */
  public Message to(@Nullable SocketAddress target) {
    return new Message(payload, target, ancillary, source);
  }

  /**
   * Returns this message with descriptors, which are lent.
   *
   * @param descriptors the descriptors to pass; they replace any given before
   * @return the message with the descriptors
   */
  public Message with(OwnedFd... descriptors) {
    return with(Ancillary.lend(descriptors));
  }

  /**
   * Returns this message with ancillary data.
   *
   * @param ancillary what rides beside the payload; lent, whoever owns it closes it
   * @return the message with the ancillary data
   */
  public Message with(Ancillary ancillary) {
    return new Message(payload, target, ancillary, source);
  }

  /**
   * Returns this message with a source: the address that its receiver sees, the interface through
   * which it leaves, or both. What a received message told of its {@linkplain
   * Ancillary#packetInfo() arrival} makes the answer come from where the question went.
   *
   * @param source the source, or {@code null} for the kernel's choice; of it only the address and
   *     the interface count. Needs {@link Feature#PACKET_INFO}
   * @return the message with that source
   */
  public Message from(@Nullable PacketInfo source) {
    return new Message(payload, target, ancillary, source);
  }

  /**
   * Returns the payload.
   *
   * @return a new read-only view of the bytes
   */
  public ByteBuffer payload() {
    return payload.duplicate();
  }

  /**
   * Returns the number of bytes.
   *
   * @return the size of the payload
   */
  public int size() {
    return payload.remaining();
  }

  /**
   * Returns where the message goes.
   *
   * @return the target, or {@code null} for the connected peer
   */
  public @Nullable SocketAddress target() {
    return target;
  }

  /**
   * Returns where the message comes from, if that was said.
   *
   * @return the source, or {@code null} for the kernel's choice
   */
  public @Nullable PacketInfo source() {
    return source;
  }

  /**
   * Returns what rides beside the payload.
   *
   * @return the ancillary data
   */
  public Ancillary ancillary() {
    return ancillary;
  }

  @Override
  public String toString() {
    return "Message(size="
        + size()
        + ", target="
        + target
        + ", descriptors="
        + ancillary.descriptors().size()
        + ")";
  }
}

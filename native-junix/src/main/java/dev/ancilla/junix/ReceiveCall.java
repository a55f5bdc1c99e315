package dev.ancilla.junix;

import dev.ancilla.UnixAddress;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXDatagramChannel;

/**
 * The call that receives one message. Not the channel's: that says {@code null} for a message of an
 * unnamed sender, for an empty message and for none at all, and an interrupt inside it closes the
 * channel.
 */
interface ReceiveCall {
  /** There is no message. */
  int NOTHING = 0;

  /** There is a message, without a byte. */
  int EMPTY = -1;

  /**
   * Receives a message.
   *
   * @param bytes where to; what does not fit is cut
   * @return the number of bytes, {@link #NOTHING} or {@link #EMPTY}
   */
  int receive(byte[] bytes) throws IOException;

  /**
   * Looks at the next message and leaves it, with its descriptors: more than the process has room
   * for would fail this, each time anew.
   *
   * @return as {@link #receive}, at most 1
   */
  int peek() throws IOException;

  /** Returns who sent the message that was received last, or {@code null}. */
  @Nullable UnixAddress sender() throws IOException;

  static ReceiveCall of(AFUNIXDatagramChannel channel, Addresses addresses) throws IOException {
    Internals internals = Internals.get();
    return internals == null
        ? new Packet(channel, addresses)
        : new Direct(channel, addresses, internals);
  }

  /**
   * The public call, of packets. It wraps the sender's name into a host name, letter by letter,
   * which costs several times what receiving does; and of an empty message it tells no sender.
   */
  final class Packet implements ReceiveCall {
    private final AFUNIXDatagramChannel channel;
    private final Addresses addresses;
    private final DatagramPacket packet = new DatagramPacket(new byte[1], 1);

    Packet(AFUNIXDatagramChannel channel, Addresses addresses) {
      this.channel = channel;
      this.addresses = addresses;
    }

    @Override
    public int receive(byte[] bytes) throws IOException {
      packet.setData(bytes);
      packet.setAddress(null);
      try {
        channel.socket().receive(packet);
        return packet.getLength();
      } catch (SocketTimeoutException empty) {
        return EMPTY;
      }
    }

    @Override
    public int peek() throws IOException {
      packet.setData(new byte[1]);
      int room = channel.getAncillaryReceiveBufferSize();
      channel.setAncillaryReceiveBufferSize(0);
      try {
        channel.socket().peek(packet);
        return packet.getLength();
      } catch (SocketTimeoutException empty) {
        return EMPTY;
      } finally {
        channel.setAncillaryReceiveBufferSize(room);
      }
    }

    @Override
    public @Nullable UnixAddress sender() throws IOException {
      return addresses.ofSender(packet.getAddress());
    }
  }

  /** The native method itself, where it can be reached. */
  final class Direct implements ReceiveCall {
    private final AFUNIXDatagramChannel channel;
    private final Addresses addresses;
    private final Internals internals;
    private final Object ancillary;
    private final ByteBuffer sender = ByteBuffer.allocateDirect(Internals.SOCKADDR_SIZE);
    private ByteBuffer buffer = ByteBuffer.allocateDirect(2048);

    Direct(AFUNIXDatagramChannel channel, Addresses addresses, Internals internals)
        throws IOException {
      this.channel = channel;
      this.addresses = addresses;
      this.internals = internals;
      this.ancillary = internals.ancillaryOf(channel);
    }

    @Override
    public int receive(byte[] bytes) throws IOException {
      if (buffer.capacity() < bytes.length) {
        buffer = ByteBuffer.allocateDirect(Math.max(bytes.length, 2 * buffer.capacity()));
      }
      int count = call(bytes.length, false, ancillary);
      if (count > 0) {
        buffer.get(0, bytes, 0, count);
      }
      return count;
    }

    @Override
    public int peek() throws IOException {
      return call(1, true, null);
    }

    private int call(int length, boolean peek, @Nullable Object descriptors) throws IOException {
      return internals.receive(
          channel.getFileDescriptor(), buffer, length, sender, peek, descriptors);
    }

    @Override
    public @Nullable UnixAddress sender() {
      return addresses.ofSockaddr(sender);
    }
  }
}

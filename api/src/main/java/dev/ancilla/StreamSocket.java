package dev.ancilla;

import dev.ancilla.spi.Pending;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Unix stream socket: bytes in order between two processes of one machine, with descriptors tied
 * to bytes.
 *
 * <p><b>How it differs from messages.</b> A stream has no boundaries: what one write wrote several
 * reads may bring, and one read what several writes wrote. It has an end, a peer of its own, and
 * descriptors need a byte to ride on.
 *
 * <p><b>Descriptors.</b> Those of one write come with the read that contains the first byte of that
 * write; never earlier, and never together with those of another write. How many a read may bring
 * is asked for with {@link UnixStreamBuilder#maxDescriptors}; without it none, and the kernel
 * discards them.
 *
 * <p><b>Threading.</b> One reader and one writer at a time. Several do no harm to the socket: each
 * byte is read once, but who gets which is not told, and writes that have to wait mix.
 *
 * <p><b>Errors</b> leave the socket open. After {@code EPIPE} what the peer wrote before it left
 * can still be read. A peer that closes without having read everything ends the stream with {@code
 * ECONNRESET}, after what it wrote.
 *
 * <pre>{@code
 * UnixAddress address = UnixAddress.path("/run/example.sock");
 * try (StreamSocket socket = Sockets.unixStream().maxDescriptors(1).connect(address)) {
 *   socket.blocking().write(ByteBuffer.wrap("open the door\n".getBytes()));
 *   ByteBuffer answer = ByteBuffer.allocate(1024);
 *   try (StreamRead read = socket.blocking().read(answer);
 *       OwnedFd door = read.ancillary().take()) {
 *     System.out.println(read.count() + " bytes, and " + door);
 *   }
 * }
 * }</pre>
 */
public interface StreamSocket extends UnixConnection {
  /**
   * Tries to read without waiting.
   *
   * @param target where to; its position advances by what came
   * @return what came, which may be the end of the stream; {@code null} if nothing is there yet. A
   *     buffer without room gets 0 bytes at once
   * @throws java.nio.channels.ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses: {@code ENOTCONN}, {@code ECONNRESET}
   * @throws IOException if it fails otherwise
   */
  default @Nullable StreamRead tryRead(ByteBuffer target) throws IOException {
    return tryRead(List.of(target));
  }

  /**
   * Tries to read into several buffers, one after the other, without waiting.
   *
   * @param targets where to; their positions advance by what came
   * @return as {@link #tryRead(ByteBuffer)}
   * @throws IOException as {@link #tryRead(ByteBuffer)}
   */
  @Nullable StreamRead tryRead(List<ByteBuffer> targets) throws IOException;

  /**
   * Tries to read exactly what fits into the buffer, or nothing, without waiting. What is there
   * already, but not enough, stays with this socket for the next read, whichever that is.
   *
   * @param target where to; filled, or untouched but for the bytes beyond its position
   * @return the descriptors that came with these bytes, owned by the caller, those of several
   *     writes in their order; {@code null} if not all bytes are there yet
   * @throws java.net.ProtocolException if with these bytes came more descriptors than {@link
   *     #maxDescriptors()}; everything stays for the next read, or is closed with this socket
   * @throws java.io.EOFException if the stream ends before; what came stays for the next read
   * @throws IOException as {@link #tryRead(ByteBuffer)}
   */
  @Nullable Ancillary tryReadExactly(ByteBuffer target) throws IOException;

  /**
   * Tries to read exactly so many bytes and descriptors, or nothing, without waiting.
   *
   * @param target where to; filled, or untouched but for the bytes beyond its position
   * @param descriptors how many descriptors come with these bytes
   * @return the descriptors, owned by the caller; {@code null} if not all bytes are there yet
   * @throws java.net.ProtocolException if with these bytes came more descriptors, or fewer, or some
   *     were discarded; everything stays for the next read
   * @throws java.io.EOFException if the stream ends before; what came stays for the next read
   * @throws IOException as {@link #tryRead(ByteBuffer)}
   */
  @Nullable Ancillary tryReadExactly(ByteBuffer target, int descriptors) throws IOException;

  /**
   * Puts bytes and descriptors back, before everything else that can be read: the next read brings
   * the descriptors with the first of the bytes. A call that already waits to read sees them once
   * the kernel has something too.
   *
   * @param bytes the bytes, which are copied and consumed
   * @param ancillary the descriptors, which this socket owns from now on
   * @throws IllegalArgumentException if there are descriptors and no byte; they stay the caller's
   * @throws IllegalStateException if the descriptors are lent, not received
   * @throws java.nio.channels.ClosedChannelException if this socket is closed
   */
  void unread(ByteBuffer bytes, Ancillary ancillary) throws IOException;

  /**
   * Tries to write without waiting.
   *
   * @param source the bytes; its position advances by what was written
   * @return how many bytes were written, which may be fewer than there are; 0 if the writing would
   *     have to wait, or there is nothing to write
   * @throws IOException as {@link #tryWrite(List, Ancillary)}
   */
  default int tryWrite(ByteBuffer source) throws IOException {
    return (int) tryWrite(List.of(source), Ancillary.none());
  }

  /**
   * Tries to write several buffers, one after the other, without waiting, with descriptors beside
   * the first byte.
   *
   * @param sources the bytes; their positions advance by what was written
   * @param ancillary the descriptors, lent
   * @return how many bytes were written, which may be fewer than there are: if any, the descriptors
   *     have gone with them, and do not belong to the next attempt; 0 if the writing would have to
   *     wait, or there is nothing to write
   * @throws IllegalArgumentException if there are descriptors and no byte, for a stream cannot
   *     carry them alone; or more than 253 descriptors; or one that is closed
   * @throws java.nio.channels.ClosedChannelException if this socket is closed
   * @throws UnsupportedFeatureException before any system call, without {@link Feature#FD_PASSING}
   * @throws SocketOpException if the kernel refuses: {@code EPIPE} if the peer reads no more,
   *     {@code ENOTCONN}
   * @throws IOException if it fails otherwise
   */
  long tryWrite(List<ByteBuffer> sources, Ancillary ancillary) throws IOException;

  /**
   * Returns the calls that wait on the calling thread.
   *
   * @return the blocking view
   */
  BlockingStream blocking();

  /**
   * Returns the calls that return futures.
   *
   * @return the asynchronous view
   */
  AsyncStream async();

  /**
   * Delivers what is read to a listener, on the event loop. It goes to whoever asks first: a
   * listener does not get what another call has read.
   *
   * @param listener the callbacks
   * @return the subscription, with which delivery is paused, resumed and ended
   * @throws java.nio.channels.ClosedChannelException if this socket is closed
   * @throws SocketOpException {@code ENOTCONN} if this socket is not connected yet
   */
  Subscription listen(StreamListener listener) throws IOException;

  // For those who build a calling style of their own.

  /**
   * Begins to read, as {@link #tryRead(List)}.
   *
   * @param targets where to
   * @return the call
   */
  Pending<StreamRead> beginRead(List<ByteBuffer> targets);

  /**
   * Begins to read, as {@link #tryReadExactly(ByteBuffer)}. A call that is given up has read
   * nothing.
   *
   * @param target where to
   * @return the call
   */
  Pending<Ancillary> beginReadExactly(ByteBuffer target);

  /**
   * Begins to read, as {@link #tryReadExactly(ByteBuffer, int)}. A call that is given up has read
   * nothing.
   *
   * @param target where to
   * @param descriptors how many descriptors come with these bytes
   * @return the call
   */
  Pending<Ancillary> beginReadExactly(ByteBuffer target, int descriptors);

  /**
   * Begins to write all bytes. The descriptors go once, with the first of them, and are held until
   * then. The positions of the buffers tell what a call has written that was given up.
   *
   * @param sources the bytes, in order
   * @param ancillary the descriptors, lent
   * @return the call
   * @throws IOException as {@link #tryWrite(List, Ancillary)}
   */
  Pending<Boolean> beginWrite(List<ByteBuffer> sources, Ancillary ancillary) throws IOException;

  /**
   * Begins to write all bytes, and then to end the output.
   *
   * @param sources the bytes, in order, possibly none
   * @param ancillary the descriptors, lent
   * @return the call
   * @throws IOException as {@link #tryWrite(List, Ancillary)}
   */
  Pending<Boolean> beginEnd(List<ByteBuffer> sources, Ancillary ancillary) throws IOException;
}

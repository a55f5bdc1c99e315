package dev.ancilla;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a stream socket that wait on the calling thread.
 *
 * <p>Threads, interrupts, deadlines and closing are as {@link BlockingDgram} describes. A read that
 * was given up has read nothing. A write that was given up has written what the positions of its
 * buffers tell, and its descriptors if it has written anything.
 *
 * <pre>{@code
 * try (SocketPair<StreamSocket> pair = Sockets.unixStream().maxDescriptors(1).pair();
 *     OwnedFd.Pipe pipe = OwnedFd.pipe()) {
 *   ByteBuffer header = ByteBuffer.wrap(new byte[] {0, 0, 0, 1});
 *   pair.left().blocking().write(List.of(header), Ancillary.lend(pipe.reader()));
 *   ByteBuffer read = ByteBuffer.allocate(4);
 *   try (Ancillary came = pair.right().blocking().readExactly(read, 1)) {
 *     System.out.println(came.descriptors());
 *   }
 * }
 * }</pre>
 */
public interface BlockingStream {
  /**
   * Connects, waiting while the server's backlog is full.
   *
   * @param address the server's address
   * @throws IOException as {@link StreamSocket#tryConnect}, or as this view describes
   */
  default void connect(SocketAddress address) throws IOException {
    connect(address, null);
  }

  /**
   * Connects, waiting while the server's backlog is full, until the time has passed.
   *
   * @param address the server's address
   * @param timeout how long to wait, or {@code null} for ever
   * @throws IOException as {@link StreamSocket#tryConnect}, or as this view describes
   */
  void connect(SocketAddress address, @Nullable Duration timeout) throws IOException;

  /**
   * Reads what is there, waiting until something is.
   *
   * @param target where to
   * @return what came, or the end of the stream
   * @throws IOException as {@link StreamSocket#tryRead(ByteBuffer)}, or as this view describes
   */
  default StreamRead read(ByteBuffer target) throws IOException {
    return read(List.of(target), null);
  }

  /**
   * Reads what is there into several buffers, waiting until something is or the time has passed.
   *
   * @param targets where to, in order
   * @param timeout how long to wait, or {@code null} for ever
   * @return what came, or the end of the stream
   * @throws IOException as {@link StreamSocket#tryRead(ByteBuffer)}, or as this view describes
   */
  StreamRead read(List<ByteBuffer> targets, @Nullable Duration timeout) throws IOException;

  /**
   * Fills a buffer, waiting until all bytes are there.
   *
   * @param target where to
   * @return the descriptors that came with these bytes, owned by the caller
   * @throws IOException as {@link StreamSocket#tryReadExactly(ByteBuffer)}, or as this view
   *     describes
   */
  default Ancillary readExactly(ByteBuffer target) throws IOException {
    return readExactly(target, (Duration) null);
  }

  /**
   * Fills a buffer, waiting until all bytes are there or the time has passed.
   *
   * @param target where to
   * @param timeout how long to wait, or {@code null} for ever
   * @return the descriptors that came with these bytes, owned by the caller
   * @throws IOException as {@link StreamSocket#tryReadExactly(ByteBuffer)}, or as this view
   *     describes
   */
  Ancillary readExactly(ByteBuffer target, @Nullable Duration timeout) throws IOException;

  /**
   * Fills a buffer and takes so many descriptors, or nothing, waiting until all bytes are there.
   *
   * @param target where to
   * @param descriptors how many descriptors come with these bytes
   * @return the descriptors, owned by the caller
   * @throws IOException as {@link StreamSocket#tryReadExactly(ByteBuffer, int)}, or as this view
   *     describes
   */
  default Ancillary readExactly(ByteBuffer target, int descriptors) throws IOException {
    return readExactly(target, descriptors, null);
  }

  /**
   * Fills a buffer and takes so many descriptors, or nothing, waiting until all bytes are there or
   * the time has passed.
   *
   * @param target where to
   * @param descriptors how many descriptors come with these bytes
   * @param timeout how long to wait, or {@code null} for ever
   * @return the descriptors, owned by the caller
   * @throws IOException as {@link StreamSocket#tryReadExactly(ByteBuffer, int)}, or as this view
   *     describes
   */
  Ancillary readExactly(ByteBuffer target, int descriptors, @Nullable Duration timeout)
      throws IOException;

  /**
   * Writes all bytes, waiting while the peer has no room.
   *
   * @param source the bytes; consumed
   * @throws IOException as {@link StreamSocket#tryWrite(ByteBuffer)}, or as this view describes
   */
  default void write(ByteBuffer source) throws IOException {
    write(List.of(source), Ancillary.none(), null);
  }

  /**
   * Writes all bytes with descriptors, waiting while the peer has no room.
   *
   * @param sources the bytes, in order; consumed
   * @param ancillary the descriptors, lent; they go with the first byte
   * @throws IOException as {@link StreamSocket#tryWrite(List, Ancillary)}, or as this view
   *     describes
   */
  default void write(List<ByteBuffer> sources, Ancillary ancillary) throws IOException {
    write(sources, ancillary, null);
  }

  /**
   * Writes all bytes with descriptors, waiting while the peer has no room, until the time has
   * passed.
   *
   * @param sources the bytes, in order; consumed as far as they were written
   * @param ancillary the descriptors, lent; they go with the first byte
   * @param timeout how long to wait, or {@code null} for ever
   * @throws IOException as {@link StreamSocket#tryWrite(List, Ancillary)}, or as this view
   *     describes
   */
  void write(List<ByteBuffer> sources, Ancillary ancillary, @Nullable Duration timeout)
      throws IOException;

  /**
   * Writes all bytes with descriptors, and then ends the output: the peer reads everything, and
   * then the end of the stream.
   *
   * @param sources the bytes, in order, possibly none; consumed as far as they were written
   * @param ancillary the descriptors, lent; they go with the first byte
   * @param timeout how long to wait, or {@code null} for ever
   * @throws IOException as {@link StreamSocket#tryWrite(List, Ancillary)}, or as this view
   *     describes
   */
  void end(List<ByteBuffer> sources, Ancillary ancillary, @Nullable Duration timeout)
      throws IOException;
}

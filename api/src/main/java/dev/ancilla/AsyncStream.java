package dev.ancilla;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The calls of a stream socket that return futures.
 *
 * <p>Threads, cancelling and errors are as {@link AsyncDgram} describes. Reads are made one after
 * the other, in the order in which they were started, and so are writes. Buffers are not to be
 * touched until the future completes. A read that was cancelled has read nothing; a write that was
 * cancelled has written what the positions of its buffers tell.
 *
 * <pre>{@code
 * try (SocketPair<StreamSocket> pair = Sockets.unixStream().pair()) {
 *   ByteBuffer buffer = ByteBuffer.allocate(5);
 *   CompletableFuture<Ancillary> read = pair.right().async().readExactly(buffer);
 *   pair.left().async().write(ByteBuffer.wrap("hello".getBytes())).join();
 *   read.join();
 *   System.out.println(new String(buffer.array()));
 * }
 * }</pre>
 */
public interface AsyncStream {
  /**
   * Connects, once the server's backlog has room.
   *
   * @param address the server's address
   * @return a future that completes when the socket is connected
   */
  CompletableFuture<Void> connect(SocketAddress address);

  /**
   * Reads what is there, once something is.
   *
   * @param target where to
   * @return a future of what came, or of the end of the stream
   */
  default CompletableFuture<StreamRead> read(ByteBuffer target) {
    return read(List.of(target));
  }

  /**
   * Reads what is there into several buffers, once something is.
   *
   * @param targets where to, in order
   * @return a future of what came, or of the end of the stream
   */
  CompletableFuture<StreamRead> read(List<ByteBuffer> targets);

  /**
   * Fills a buffer.
   *
   * @param target where to
   * @return a future of the descriptors that came with these bytes, which the caller closes
   */
  CompletableFuture<Ancillary> readExactly(ByteBuffer target);

  /**
   * Fills a buffer and takes so many descriptors, or nothing.
   *
   * @param target where to
   * @param descriptors how many descriptors come with these bytes
   * @return a future of the descriptors, which the caller closes
   */
  CompletableFuture<Ancillary> readExactly(ByteBuffer target, int descriptors);

  /**
   * Writes all bytes, as the peer has room.
   *
   * @param source the bytes; consumed
   * @return a future that completes when the kernel has all of them
   */
  default CompletableFuture<Void> write(ByteBuffer source) {
    return write(List.of(source), Ancillary.none());
  }

  /**
   * Writes all bytes with descriptors, as the peer has room.
   *
   * @param sources the bytes, in order; consumed
   * @param ancillary the descriptors, lent and held; they go with the first byte
   * @return a future that completes when the kernel has all of them
   */
  CompletableFuture<Void> write(List<ByteBuffer> sources, Ancillary ancillary);

  /**
   * Writes all bytes with descriptors, after the writes that were started before, and then ends the
   * output.
   *
   * @param sources the bytes, in order, possibly none; consumed
   * @param ancillary the descriptors, lent and held; they go with the first byte
   * @return a future that completes when the output has ended
   */
  CompletableFuture<Void> end(List<ByteBuffer> sources, Ancillary ancillary);
}

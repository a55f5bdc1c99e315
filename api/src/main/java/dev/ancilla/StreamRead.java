package dev.ancilla;

/**
 * What one read of a stream brought: some bytes, which are in the buffers, with the descriptors
 * that came with one of them; or the end of the stream.
 *
 * <p><b>Ownership.</b> As of a {@link Datagram}: closing it closes the descriptors that nobody took
 * from {@link #ancillary()}. One without descriptors need not be closed.
 *
 * <pre>{@code
 * try (SocketPair<StreamSocket> pair = Sockets.unixStream().pair()) {
 *   pair.left().blocking().write(ByteBuffer.wrap("hello".getBytes()));
 *   pair.left().shutdownOutput();
 *   ByteBuffer buffer = ByteBuffer.allocate(1024);
 *   while (!pair.right().blocking().read(buffer).isEnd()) {
 *     System.out.println(buffer.position() + " bytes so far");
 *   }
 * }
 * }</pre>
 */
public final class StreamRead implements AutoCloseable {
  private static final StreamRead END = new StreamRead(0, Ancillary.none());

  private final int count;
  private final Ancillary ancillary;

  private StreamRead(int count, Ancillary ancillary) {
    this.count = count;
    this.ancillary = ancillary;
  }

  /**
   * Returns the end of the stream.
   *
   * @return a read that brought nothing, and after which nothing comes
   */
  public static StreamRead end() {
    return END;
  }

  /**
   * Returns a read that brought something; for providers.
   *
   * @param count how many bytes
   * @param ancillary what came beside them
   * @return the read, which owns the ancillary data
   */
  public static StreamRead of(int count, Ancillary ancillary) {
    return new StreamRead(count, ancillary);
  }

  /**
   * Tells whether this is the end of the stream: the peer has closed it, or shut its output down.
   *
   * @return whether nothing came and nothing will
   */
  public boolean isEnd() {
    return this == END;
  }

  /**
   * Returns how many bytes were put into the buffers.
   *
   * @return the number of bytes; 0 at the end, or if the buffers had no room
   */
  public int count() {
    return count;
  }

  /**
   * Returns what came beside the bytes. The descriptors were written with one of these bytes: a
   * read brings those of one write at most, and none earlier than the first byte they were written
   * with.
   *
   * @return the ancillary data, owned by this read
   */
  public Ancillary ancillary() {
    return ancillary;
  }

  /** Closes the descriptors that nobody took. Idempotent. */
  @Override
  public void close() {
    ancillary.close();
  }

  @Override
  public String toString() {
    return isEnd() ? "StreamRead(end)" : "StreamRead(" + count + " bytes, " + ancillary + ")";
  }
}

package dev.ancilla.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** Streams over a descriptor. The JDK's own would seek, which a pipe cannot. */
public final class FdStreams {
  private FdStreams() {}

  /**
   * Returns a stream that reads.
   *
   * @param channel the descriptor's channel
   * @return the stream
   */
  public static InputStream input(FdChannel channel) {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) <= 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        return channel.read(ByteBuffer.wrap(bytes, offset, length));
      }

      @Override
      public void close() {
        channel.close();
      }
    };
  }

  /**
   * Returns a stream that writes.
   *
   * @param channel the descriptor's channel
   * @return the stream
   */
  public static OutputStream output(FdChannel channel) {
    return new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer source = ByteBuffer.wrap(bytes, offset, length);
        while (source.hasRemaining()) {
          channel.write(source);
        }
      }

      @Override
      public void close() {
        channel.close();
      }
    };
  }
}

package dev.ancilla.spi;

import dev.ancilla.StreamRead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one stream socket.
 *
 * <p>Every failure is a {@link dev.ancilla.SocketOpException} with operation, addresses and errno,
 * or a {@link java.nio.channels.ClosedChannelException}. A failure never closes the socket.
 */
public interface StreamTransport extends ConnectionTransport {
  /**
   * Tries to read. The descriptors that one write carried come with the first of its bytes, and
   * never with those of another write.
   *
   * @param targets where to, in order, with room for at least one byte
   * @return what came, or {@code null} if there is nothing yet
   * @throws IOException if the kernel refuses
   */
  @Nullable StreamRead tryRead(List<ByteBuffer> targets) throws IOException;

  /**
   * Tries to write what the kernel takes.
   *
   * @param sources the bytes, in order, at least one; those that were written are consumed
   * @param descriptors what rides beside the first byte, lent; held open by the caller meanwhile
   * @return how many bytes were written, and with the first of them the descriptors; 0 if it would
   *     block
   * @throws IOException if the kernel refuses
   */
  long tryWrite(List<ByteBuffer> sources, List<FdHandle> descriptors) throws IOException;
}

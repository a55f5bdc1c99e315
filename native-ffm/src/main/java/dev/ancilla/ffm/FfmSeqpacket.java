package dev.ancilla.ffm;

import dev.ancilla.spi.DgramOptions;
import dev.ancilla.spi.SeqpacketTransport;
import java.io.IOException;

/**
 * The attempts of one Unix sequenced-packet socket. At the end of the connection the kernel answers
 * {@code recvmsg} with 0 bytes, as for an empty message, but with nothing beside ({@code
 * unix_dgram_recvmsg} of net/unix/af_unix.c): so each message is asked for its time.
 */
final class FfmSeqpacket extends FfmDgram implements SeqpacketTransport {
  private FfmSeqpacket(int fd, EpollLoop loop, Beside beside) throws IOException {
    super(fd, loop, UnixFamily.INSTANCE, beside);
  }

  /** Makes a transport of a descriptor, which it owns from now on, also if this fails. */
  static FfmSeqpacket over(int fd, EpollLoop loop, DgramOptions options) throws IOException {
    return orClose(
        fd, () -> new FfmSeqpacket(fd, loop, Beside.unix(fd, options.withTimestamps(), true)));
  }
}

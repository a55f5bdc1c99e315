package dev.ancilla.ffm;

import dev.ancilla.Errno;
import dev.ancilla.OwnedFd;
import dev.ancilla.SocketOpException;
import dev.ancilla.spi.DgramOptions;
import java.io.IOException;

/** Making a socket of a descriptor that was opened elsewhere. */
final class Adopting {
  private Adopting() {}

  static FfmDgram adopt(EpollLoop loop, DgramOptions options, OwnedFd owned) throws IOException {
    int copy;
    try (OwnedFd.Hold hold = owned.hold()) {
      int number = hold.handle().number();
      check(number, owned);
      copy = FfmFd.duplicateOf(number).number();
    }
    FfmDgram adopted = FfmDgram.over(copy, loop, options);
    owned.close();
    return adopted;
  }

  private static void check(int number, OwnedFd owned) throws IOException {
    boolean unix;
    boolean dgram;
    try {
      unix = Sock.option(number, Abi.SO_DOMAIN) == Abi.AF_UNIX;
      dgram = Sock.option(number, Abi.SO_TYPE) == Abi.SOCK_DGRAM;
    } catch (SocketOpException e) {
      if (e.errno() == Errno.ENOTSOCK) {
        throw refused(Errno.ENOTSOCK, owned + " is no Unix datagram socket");
      }
      throw e;
    }
    if (!unix || !dgram) {
      throw refused(Errno.EPROTOTYPE, owned + " is another kind of socket");
    }
  }

  private static SocketOpException refused(Errno errno, String why) {
    return new SocketOpException("adopt", errno, why, null, null);
  }
}

package dev.ancilla.engine;

import dev.ancilla.Errno;
import dev.ancilla.SocketOpException;
import dev.ancilla.Sockets;
import dev.ancilla.UnixAddress;
import dev.ancilla.UnixDgramSocket;
import dev.ancilla.spi.DgramTransport;
import java.io.IOException;

/** An open Unix datagram socket. */
public final class OpenUnixDgram extends OpenUnixMessages implements UnixDgramSocket {
  /**
   * Creates the socket over its transport.
   *
   * @param opened the transport, owned by the socket
   * @param binding how its file comes and goes
   */
  public OpenUnixDgram(Opening.Opened<DgramTransport> opened, Binding binding) {
    super(opened, new UnixRules(), binding);
  }

  /**
   * Connecting tells whether anybody has the address: ECONNREFUSED means a file nobody has open;
   * EPROTOTYPE a stream socket, EPERM one connected elsewhere, and those live (unix(7)).
   */
  @Override
  boolean answers(UnixAddress address) throws IOException {
    try (UnixDgramSocket probe = Sockets.unixDgram().open()) {
      probe.tryConnect(address);
      return true;
    } catch (SocketOpException e) {
      return e.errno() != Errno.ECONNREFUSED;
    }
  }
}

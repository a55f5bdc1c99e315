package dev.ancilla.engine;

import dev.ancilla.Errno;
import dev.ancilla.SocketOpException;
import dev.ancilla.UnixAddress;
import dev.ancilla.UnixDgramSocket;
import dev.ancilla.spi.DgramTransport;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/** An open Unix datagram socket. */
public final class OpenUnixDgram extends OpenDgram implements UnixDgramSocket {
  private final Binding binding;

  /**
   * Creates the socket over its transport.
   *
   * @param opened the transport, owned by the socket
   * @param binding how its file comes and goes
   */
  public OpenUnixDgram(Opening.Opened<DgramTransport> opened, Binding binding) {
    super(opened, new UnixRules());
    this.binding = binding;
  }

  @Override
  void bindTransport(SocketAddress address) throws IOException {
    binding.bind(transport::bind, (UnixAddress) address, this::answers);
    if (!isOpen()) {
      // A close that came meanwhile did not know of the file.
      binding.unlink();
      checkOpen("bind", address);
    }
  }

  /**
   * Connecting tells whether anybody has the address: ECONNREFUSED means a file nobody has open;
   * EPROTOTYPE a stream socket, EPERM one connected elsewhere, and those live (unix(7)).
   */
  private boolean answers(UnixAddress address) throws IOException {
    try (UnixDgramSocket probe = dev.ancilla.Sockets.unixDgram().open()) {
      probe.tryConnect(address);
      return true;
    } catch (SocketOpException e) {
      return e.errno() != Errno.ECONNREFUSED;
    }
  }

  @Override
  void beforeClose() {
    binding.unlink();
  }

  @Override
  public UnixAddress localAddress() throws IOException {
    return (UnixAddress) super.localAddress();
  }

  @Override
  public @Nullable UnixAddress remoteAddress() throws IOException {
    return (UnixAddress) super.remoteAddress();
  }

  @Override
  public int maxDescriptors() throws ClosedChannelException {
    checkOpen("maxDescriptors", null);
    return opened.maxDescriptors();
  }
}

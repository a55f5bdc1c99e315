package dev.ancilla.engine;

import dev.ancilla.UnixAddress;
import dev.ancilla.spi.DgramTransport;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/** What open Unix sockets of messages share: their addresses, and how their file comes and goes. */
abstract class OpenUnixMessages extends OpenDgram {
  private final Binding binding;

  OpenUnixMessages(Opening.Opened<DgramTransport> opened, AddressRules rules, Binding binding) {
    super(opened, rules);
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

  /** Whether anybody has an address whose file is there. */
  abstract boolean answers(UnixAddress address) throws IOException;

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

  /** Returns how many descriptors a message may bring. */
  public int maxDescriptors() throws ClosedChannelException {
    checkOpen("maxDescriptors", null);
    return opened.maxDescriptors();
  }
}

package dev.ancilla.junix;

import dev.ancilla.spi.SelectorLoop;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/** A worker that sends and receives messages. */
final class DgramWorker extends Worker<AFUNIXDatagramChannel> {
  /** A path that is never there: connecting to it fails and still marks the channel connected. */
  private static final byte[] NOBODY =
      "/proc/self/ancilla/nobody".getBytes(StandardCharsets.US_ASCII);

  final ReceiveCall receiveCall;
  private final FileInputStream sizer;

  DgramWorker(
      AFUNIXDatagramChannel channel, SelectorLoop loop, Addresses addresses, int maxDescriptors)
      throws IOException {
    super(channel, loop);
    ControlBuffer.size(channel, maxDescriptors);
    this.sizer = new FileInputStream(fd);
    this.receiveCall = ReceiveCall.of(channel, addresses);
  }

  /** The size of the next datagram, 0 if it is empty or there is none (FIONREAD, unix(7)). */
  int nextSize() throws IOException {
    return sizer.available();
  }

  /**
   * junixsocket passes descriptors on a channel only that it believes connected, though the kernel
   * passes them to any target.
   */
  void lend(List<FileDescriptor> descriptors) throws IOException {
    if (!channel.isConnected()) {
      try {
        channel.connect(AFUNIXSocketAddress.of(NOBODY));
      } catch (IOException expected) {
        // See NOBODY.
      }
    }
    channel.setOutboundFileDescriptors(descriptors.toArray(FileDescriptor[]::new));
  }

  /**
   * What was lent to an attempt that failed before the kernel saw it must not ride with the next.
   */
  void takeBack() throws IOException {
    if (isAlive() && channel.hasOutboundFileDescriptors()) {
      channel.setOutboundFileDescriptors();
    }
  }
}

package dev.ancilla.junix;

import dev.ancilla.spi.FdHandle;
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
  final SendCall sendCall;
  private final FileInputStream sizer;

  DgramWorker(
      AFUNIXDatagramChannel channel, SelectorLoop loop, Addresses addresses, int maxDescriptors)
      throws IOException {
    super(channel, loop);
    ControlBuffer.size(channel, maxDescriptors);
    this.sizer = new FileInputStream(fd);
    this.receiveCall = ReceiveCall.of(channel, addresses);
    this.sendCall = SendCall.of(this, addresses);
  }

  /** The size of the next datagram, 0 if it is empty or there is none (FIONREAD, unix(7)). */
  int nextSize() throws IOException {
    return sizer.available();
  }

  /** A send on the channel. */
  @FunctionalInterface
  interface Sending {
    boolean send() throws IOException;
  }

  /** Sends on the channel, with descriptors, which junixsocket forgets at the first attempt. */
  boolean lending(List<FdHandle> descriptors, Sending sending) throws IOException {
    if (descriptors.isEmpty()) {
      return sending.send();
    }
    lend(descriptors);
    try {
      return sending.send();
    } finally {
      takeBack();
    }
  }

  /**
   * junixsocket passes descriptors on a channel only that it believes connected, though the kernel
   * passes them to any target.
   */
  private void lend(List<FdHandle> descriptors) throws IOException {
    if (!channel.isConnected()) {
      try {
        channel.connect(AFUNIXSocketAddress.of(NOBODY));
      } catch (IOException expected) {
        // See NOBODY.
      }
    }
    FileDescriptor[] lent = new FileDescriptor[descriptors.size()];
    for (int i = 0; i < lent.length; i++) {
      lent[i] = Adopting.javaDescriptor(descriptors.get(i));
    }
    channel.setOutboundFileDescriptors(lent);
  }

  /**
   * What was lent to an attempt that failed before the kernel saw it must not ride with the next.
   */
  private void takeBack() throws IOException {
    if (isAlive() && channel.hasOutboundFileDescriptors()) {
      channel.setOutboundFileDescriptors();
    }
  }
}

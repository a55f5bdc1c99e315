package dev.ancilla.junix;

import dev.ancilla.spi.SelectorLoop;
import dev.ancilla.spi.Watch;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.List;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * The duplicate of a socket on which calls are made and which the selector watches. junixsocket
 * closes the descriptor of a call that the kernel refused, and the selector that of a socket with
 * an error: then only the duplicate is lost, and another takes its place.
 */
final class Worker {
  /** A path that is never there: connecting to it fails and still marks the channel connected. */
  private static final byte[] NOBODY =
      "/proc/self/ancilla/nobody".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

  final AFUNIXDatagramChannel channel;
  final Watch watch;
  final ReceiveCall receiveCall;
  private final FileDescriptor fd;
  private final FileInputStream sizer;

  private Worker(AFUNIXDatagramChannel channel, SelectorLoop loop, Addresses addresses)
      throws IOException {
    this.channel = channel;
    this.fd = channel.getFileDescriptor();
    this.sizer = new FileInputStream(fd);
    this.watch = loop.watch(channel);
    this.receiveCall = ReceiveCall.of(channel, addresses);
  }

  static Worker of(
      AFUNIXDatagramChannel master, SelectorLoop loop, Addresses addresses, int maxDescriptors)
      throws IOException {
    AFUNIXDatagramChannel duplicate =
        FileDescriptorCast.duplicating(master.getFileDescriptor()).as(AFUNIXDatagramChannel.class);
    boolean done = false;
    try {
      prepare(duplicate);
      ControlBuffer.size(duplicate, maxDescriptors);
      Worker worker = new Worker(duplicate, loop, addresses);
      done = true;
      return worker;
    } finally {
      if (!done) {
        close(duplicate);
      }
    }
  }

  /**
   * The defaults shut the socket down for everybody and remove its file when a duplicate closes.
   */
  static void prepare(AFUNIXDatagramChannel channel) throws IOException {
    channel.setShutdownOnClose(false);
    channel.setDeleteOnClose(false);
    channel.configureBlocking(false);
  }

  /** A channel that was cast from a descriptor does not close it, so that is done besides. */
  static void close(AFUNIXDatagramChannel channel) {
    try {
      FileDescriptor fd = channel.getFileDescriptor();
      channel.close();
      JunixFd.close(fd);
    } catch (IOException e) {
      System.getLogger(Worker.class.getName())
          .log(System.Logger.Level.WARNING, "closing a socket failed", e);
    }
  }

  boolean isAlive() {
    return channel.isOpen() && fd.valid();
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
    if (channel.hasOutboundFileDescriptors()) {
      channel.setOutboundFileDescriptors();
    }
  }

  void close() {
    close(channel);
    watch.close();
  }
}

package dev.ancilla.junix;

import dev.ancilla.spi.QuietLog;
import dev.ancilla.spi.SelectorLoop;
import dev.ancilla.spi.Watch;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.channels.SelectableChannel;
import org.newsclub.net.unix.AFSomeSocketChannel;
import org.newsclub.net.unix.AFUNIXDatagramChannel;

/**
 * The duplicate of a socket on which calls are made and which the selector watches. junixsocket
 * closes the descriptor of a call that the kernel refused, and the selector that of a socket with
 * an error: then only the duplicate is lost, and another takes its place.
 */
class Worker<C extends SelectableChannel & AFSomeSocketChannel> {
  final C channel;
  final FileDescriptor fd;
  final Watch watch;

  Worker(C channel, SelectorLoop loop) throws IOException {
    this.channel = channel;
    this.fd = channel.getFileDescriptor();
    this.watch = loop.watch(channel);
  }

  /**
   * The defaults shut the socket down for everybody and remove its file when a duplicate closes.
   */
  static void prepare(AFSomeSocketChannel channel) throws IOException {
    channel.setShutdownOnClose(false);
    if (channel instanceof AFUNIXDatagramChannel messages) {
      messages.setDeleteOnClose(false);
    }
    channel.configureBlocking(false);
  }

  /**
   * The descriptor goes first: the channel of a stream would shut the socket down, whatever was
   * asked of it, and one that was cast from a descriptor does not close it.
   */
  static void close(AFSomeSocketChannel channel) {
    try {
      JunixFd.close(channel.getFileDescriptor());
      channel.close();
    } catch (IOException e) {
      QuietLog.log(Worker.class, System.Logger.Level.WARNING, "closing a socket failed", e);
    }
  }

  boolean isAlive() {
    return channel.isOpen() && fd.valid();
  }

  void close() {
    close(channel);
    watch.close();
  }
}

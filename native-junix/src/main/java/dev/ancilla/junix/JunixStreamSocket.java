package dev.ancilla.junix;

import dev.ancilla.UnixAddress;
import dev.ancilla.spi.SelectorLoop;
import java.io.FileDescriptor;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocketChannel;

/** What streams and servers share: one kind of socket, called through {@link Natives}. */
abstract class JunixStreamSocket
    extends JunixSocket<AFUNIXSocketChannel, Worker<AFUNIXSocketChannel>> {
  final Natives natives = Natives.get();

  JunixStreamSocket(AFUNIXSocketChannel master, SelectorLoop loop) {
    super(master, AFUNIXSocketChannel.class, loop);
  }

  static FileDescriptor open() throws IOException {
    try {
      return Natives.get().open();
    } catch (IOException e) {
      throw Failures.of("socket", e, null, null);
    }
  }

  static List<FileDescriptor> openPair() throws IOException {
    try {
      return Natives.get().openPair();
    } catch (IOException e) {
      throw Failures.of("socketpair", e, null, null);
    }
  }

  @Override
  AFUNIXSocketChannel openMaster() throws IOException {
    return channelOf(open(), AFUNIXSocketChannel.class);
  }

  @Override
  Worker<AFUNIXSocketChannel> newWorker(AFUNIXSocketChannel duplicate) throws IOException {
    return new Worker<>(duplicate, loop);
  }

  @Override
  void bindTo(UnixAddress name) throws IOException {
    natives.bind(fd(), name);
  }

  /** The descriptor for calls that junixsocket does not close one for; others get a worker's. */
  final FileDescriptor fd() throws IOException {
    return master().getFileDescriptor();
  }

  /** junixsocket tells neither an address of a peer without a name nor of no peer. */
  @Override
  final @Nullable UnixAddress peer() throws IOException {
    UnixAddress named = addressOf(master()::getRemoteAddress);
    return named == null && natives.isConnected(fd()) ? UnixAddress.unnamed() : named;
  }
}

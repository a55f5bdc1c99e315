package dev.ancilla.engine;

import dev.ancilla.Ancillary;
import dev.ancilla.AsyncStream;
import dev.ancilla.StreamRead;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The calls of a stream as futures: reads one after the other, and so writes. */
final class StreamAsyncView implements AsyncStream {
  private final OpenStream stream;
  private final Lane reads;
  private final Lane writes;

  StreamAsyncView(OpenStream stream) {
    this.stream = stream;
    this.reads = new Lane(stream.eventLoop(), () -> {});
    this.writes = new Lane(stream.eventLoop(), () -> {});
  }

  @Override
  public CompletableFuture<Void> connect(SocketAddress address) {
    return writes.run(() -> stream.beginConnect(address));
  }

  @Override
  public CompletableFuture<StreamRead> read(List<ByteBuffer> targets) {
    return reads.call(() -> stream.beginRead(targets));
  }

  @Override
  public CompletableFuture<Ancillary> readExactly(ByteBuffer target) {
    return reads.call(() -> stream.beginReadExactly(target));
  }

  @Override
  public CompletableFuture<Ancillary> readExactly(ByteBuffer target, int descriptors) {
    return reads.call(() -> stream.beginReadExactly(target, descriptors));
  }

  @Override
  public CompletableFuture<Void> write(List<ByteBuffer> sources, Ancillary ancillary) {
    return writes.run(() -> stream.beginWrite(sources, ancillary));
  }

  @Override
  public CompletableFuture<Void> end(List<ByteBuffer> sources, Ancillary ancillary) {
    return writes.run(() -> stream.beginEnd(sources, ancillary));
  }
}

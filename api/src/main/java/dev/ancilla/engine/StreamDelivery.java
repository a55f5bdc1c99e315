package dev.ancilla.engine;

import dev.ancilla.StreamListener;
import dev.ancilla.StreamRead;
import dev.ancilla.StreamSocket;
import dev.ancilla.Subscription;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Bytes to their listener, by way of a buffer that all streams of a loop share. */
final class StreamDelivery implements Delivery<StreamRead> {
  private static final ThreadLocal<ByteBuffer> ROOM =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(StreamListener.MOST_BYTES));

  private final StreamSocket socket;
  private final StreamListener listener;

  StreamDelivery(StreamSocket socket, StreamListener listener) {
    this.socket = socket;
    this.listener = listener;
  }

  @Override
  public @Nullable StreamRead take() throws IOException {
    int most = Math.max(1, Math.min(listener.atMost(socket), StreamListener.MOST_BYTES));
    return socket.tryRead(ROOM.get().clear().limit(most));
  }

  @Override
  public boolean isEnd(StreamRead read) {
    return read.isEnd();
  }

  @Override
  public void give(StreamRead read) throws Exception {
    if (read.isEnd()) {
      listener.onEnd(socket);
      return;
    }
    try (read) {
      listener.onData(socket, ROOM.get().asReadOnlyBuffer().flip(), read.ancillary());
    }
  }

  @Override
  public void begun(Subscription subscription) {
    listener.onStart(socket, subscription);
  }

  @Override
  public void failed(Throwable error) {
    listener.onError(socket, error);
  }

  @Override
  public void writable(@Nullable SocketAddress target) {
    try {
      listener.onWritable(socket);
    } catch (Exception | Error e) {
      failed(e);
    }
  }

  @Override
  public void closed() {
    listener.onClose(socket);
  }
}

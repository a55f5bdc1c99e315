package dev.ancilla.engine;

import dev.ancilla.Ancillary;
import dev.ancilla.BlockingStream;
import dev.ancilla.StreamRead;
import dev.ancilla.spi.Pending;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The calls of a stream, waited for on the calling thread. */
final class StreamBlockingView implements BlockingStream {
  private final OpenStream stream;

  StreamBlockingView(OpenStream stream) {
    this.stream = stream;
  }

  @Override
  public void connect(SocketAddress address, @Nullable Duration timeout) throws IOException {
    try (Pending<Boolean> connecting = stream.beginConnect(address)) {
      BlockingCall.call(stream, "connect", address, timeout, connecting);
    }
  }

  @Override
  public StreamRead read(List<ByteBuffer> targets, @Nullable Duration timeout) throws IOException {
    return BlockingCall.call(stream, "read", null, timeout, stream.beginRead(targets));
  }

  @Override
  public Ancillary readExactly(ByteBuffer target, @Nullable Duration timeout) throws IOException {
    return BlockingCall.call(stream, "read", null, timeout, stream.beginReadExactly(target));
  }

  @Override
  public Ancillary readExactly(ByteBuffer target, int descriptors, @Nullable Duration timeout)
      throws IOException {
    return BlockingCall.call(
        stream, "read", null, timeout, stream.beginReadExactly(target, descriptors));
  }

  @Override
  public void write(List<ByteBuffer> sources, Ancillary ancillary, @Nullable Duration timeout)
      throws IOException {
    try (Pending<Boolean> write = stream.beginWrite(sources, ancillary)) {
      BlockingCall.call(stream, "write", null, timeout, write);
    }
  }

  @Override
  public void end(List<ByteBuffer> sources, Ancillary ancillary, @Nullable Duration timeout)
      throws IOException {
    try (Pending<Boolean> end = stream.beginEnd(sources, ancillary)) {
      BlockingCall.call(stream, "end", null, timeout, end);
    }
  }
}

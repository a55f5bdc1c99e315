package dev.ancilla.engine;

import dev.ancilla.OwnedFd;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Pending;
import dev.ancilla.spi.Wait;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One write of many bytes: holds the descriptors until the first byte has taken them along. */
final class StreamWrite implements Pending<Boolean> {
  /** How many calls one attempt makes: others have their turn then. */
  private static final int CALLS = 16;

  private final OpenStream stream;
  private final List<ByteBuffer> sources;
  private final boolean thenEnd;
  private List<OwnedFd.Hold> holds; // guarded by this
  private List<FdHandle> handles;

  StreamWrite(
      OpenStream stream, List<ByteBuffer> sources, List<OwnedFd.Hold> holds, boolean thenEnd) {
    this.stream = stream;
    this.sources = sources;
    this.holds = holds;
    this.handles = Holds.handles(holds);
    this.thenEnd = thenEnd;
  }

  @Override
  public @Nullable Boolean attempt() throws IOException {
    for (int calls = 0; hasRemaining(sources); calls++) {
      if (calls == CALLS || stream.tryWrite(sources, handles) == 0) {
        return null;
      }
      if (!handles.isEmpty()) {
        handles = List.of(); // Before anything else can fail: they have gone.
        close();
      }
    }
    if (thenEnd) {
      stream.shutdownOutput();
    }
    return true;
  }

  static boolean hasRemaining(List<ByteBuffer> sources) {
    for (ByteBuffer source : sources) {
      if (source.hasRemaining()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public Wait arm(Runnable wake) {
    return stream.transport.arm(Interest.WRITE, wake);
  }

  @Override
  public boolean await(Deadline deadline) throws InterruptedIOException {
    return stream.transport.await(Interest.WRITE, deadline);
  }

  @Override
  public void close() {
    List<OwnedFd.Hold> held;
    synchronized (this) {
      held = holds;
      holds = List.of();
    }
    held.forEach(OwnedFd.Hold::close);
  }
}

package dev.ancilla.engine;

import dev.ancilla.Ancillary;
import dev.ancilla.EventLoop;
import dev.ancilla.OwnedFd;
import dev.ancilla.StreamRead;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Readiness;
import dev.ancilla.spi.StreamTransport;
import dev.ancilla.spi.Wait;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The input of a stream: first what is held, then what the kernel has. As readiness it tells of
 * both.
 *
 * <p>An exact read takes from the kernel what is there and keeps it here until it is enough: so one
 * that is given up, or fails, has taken nothing from the next reader.
 */
final class StreamInput implements Readiness {
  /** How many calls one attempt makes for one exact read: others have their turn then. */
  private static final int CALLS = 16;

  static final int ANY_DESCRIPTORS = -1;

  private final StreamTransport transport;
  private final int maxDescriptors;
  private final HeldInput held = new HeldInput(); // guarded by lock
  private final ReentrantLock lock = new ReentrantLock();
  private volatile boolean holds; // whether anything is held, to be read without the lock
  private volatile boolean tooLittle; // whether the last exact read found so little of it
  private boolean closed; // guarded by lock

  StreamInput(StreamTransport transport, int maxDescriptors) {
    this.transport = transport;
    this.maxDescriptors = maxDescriptors;
  }

  @Nullable StreamRead read(List<ByteBuffer> targets) throws IOException {
    lock.lock();
    try {
      checkOpen();
      if (held.isEmpty()) {
        return transport.tryRead(targets);
      }
      StreamRead read = held.read(targets);
      holds = !held.isEmpty();
      tooLittle = false;
      return read;
    } finally {
      lock.unlock();
    }
  }

  @Nullable Ancillary readExactly(ByteBuffer target, int descriptors) throws IOException {
    lock.lock();
    try {
      checkOpen();
      tooLittle = false;
      int wanted = target.remaining();
      for (int calls = 0; ; calls++) {
        checkLimit(wanted);
        if (held.size() >= wanted) {
          break;
        }
        if (calls == CALLS || !fetch(wanted)) {
          tooLittle = true;
          return null;
        }
      }
      checkDescriptors(wanted, descriptors);
      Ancillary came = held.fill(target);
      holds = !held.isEmpty();
      return came;
    } finally {
      lock.unlock();
    }
  }

  /** Never more than is wanted: what lies beyond stays in the kernel, with its descriptors. */
  private boolean fetch(int wanted) throws IOException {
    StreamRead read = transport.tryRead(List.of(held.room(wanted - held.size())));
    if (read == null) {
      return false;
    }
    if (read.isEnd()) {
      throw new EOFException(
          "read: the stream ends after " + held.size() + " of " + wanted + " bytes");
    }
    held.came(read);
    holds = true;
    return true;
  }

  /** Before more is fetched: a peer cannot make this process hold descriptors without bound. */
  private void checkLimit(int wanted) throws ProtocolException {
    int came = held.descriptors(wanted);
    if (came > maxDescriptors) {
      throw new ProtocolException(
          "read: with "
              + Math.min(held.size(), wanted)
              + " of "
              + wanted
              + " bytes came "
              + came
              + " descriptors, more than maxDescriptors ("
              + maxDescriptors
              + ")");
    }
  }

  private void checkDescriptors(int bytes, int wanted) throws ProtocolException {
    if (wanted == ANY_DESCRIPTORS) {
      return;
    }
    int came = held.descriptors(bytes);
    boolean truncated = held.truncated(bytes);
    if (came != wanted || truncated) {
      throw new ProtocolException(
          "read: with "
              + bytes
              + " bytes came "
              + (truncated ? "more descriptors than were kept" : came + " descriptors")
              + ", not "
              + wanted);
    }
  }

  void putBack(ByteBuffer bytes, Ancillary ancillary) throws IOException {
    List<OwnedFd> descriptors = ancillary.descriptors();
    if (!bytes.hasRemaining()) {
      if (!descriptors.isEmpty()) {
        throw new IllegalArgumentException(
            "unread: " + descriptors.size() + " descriptors and no byte to go with them");
      }
      return;
    }
    lock.lock();
    try {
      checkOpen();
      Ancillary owned =
          Ancillary.received(
              descriptors.isEmpty() ? List.of() : ancillary.takeAll(), null, ancillary.truncated());
      held.putBack(bytes, owned);
      holds = true;
      tooLittle = false;
    } finally {
      lock.unlock();
    }
  }

  private void checkOpen() throws IOException {
    if (closed) {
      throw Failures.closed("read", null);
    }
  }

  /** Closes the descriptors that are held. */
  void close() {
    lock.lock();
    try {
      closed = true;
      held.clear();
      holds = false;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public EventLoop eventLoop() {
    return transport.eventLoop();
  }

  @Override
  public boolean onLoopOnly(Interest interest) {
    return transport.onLoopOnly(interest);
  }

  @Override
  public Wait arm(Interest interest, Runnable wake) {
    if (interest == Interest.READ && holdsEnough()) {
      eventLoop().execute(wake);
      return () -> {};
    }
    return transport.arm(interest, wake);
  }

  @Override
  public boolean await(Interest interest, Deadline deadline) throws InterruptedIOException {
    return (interest == Interest.READ && holdsEnough()) || transport.await(interest, deadline);
  }

  /** Another attempt at an exact read is worth making only once the kernel has more. */
  private boolean holdsEnough() {
    return holds && !tooLittle;
  }

  @Override
  public boolean likelyEmpty() {
    return !holds && transport.likelyEmpty();
  }
}

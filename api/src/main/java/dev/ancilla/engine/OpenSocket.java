package dev.ancilla.engine;

import dev.ancilla.EventLoop;
import dev.ancilla.Feature;
import dev.ancilla.Socket;
import dev.ancilla.Subscription;
import dev.ancilla.UnsupportedFeatureException;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Readiness;
import dev.ancilla.spi.Transport;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * What open sockets of every kind share: their life, their options, and where attempts are made.
 */
abstract class OpenSocket<T extends Transport> implements Socket {
  final T transport;
  final Opening.Opened<T> opened;
  private final List<ListenerPump<?>> pumps = new CopyOnWriteArrayList<>();
  private volatile boolean closed;
  private boolean ended; // guarded by this: all of closing is done
  private @Nullable CompletableFuture<Void> end; // guarded by this

  OpenSocket(Opening.Opened<T> opened) {
    this.transport = opened.transport();
    this.opened = opened;
  }

  /** An attempt of the transport. */
  @FunctionalInterface
  interface Attempt<R extends @Nullable Object> extends Callable<R> {
    @Override
    R call() throws IOException;
  }

  /** Makes an attempt on the calling thread if it may be made there, and on the loop's if not. */
  <R extends @Nullable Object> R attempt(Interest interest, Attempt<R> attempt) throws IOException {
    if (!transport.onLoopOnly(interest) || eventLoop().inLoop()) {
      return attempt.call();
    }
    return LoopCall.call(eventLoop(), attempt);
  }

  void checkOpen(String operation, @Nullable SocketAddress address) throws ClosedChannelException {
    if (closed) {
      throw Failures.closed(operation, address);
    }
  }

  void checkFeature(Feature feature, String request) {
    if (!opened.features().contains(feature)) {
      throw new UnsupportedFeatureException(feature, opened.provider(), request);
    }
  }

  /** Begins to deliver to a listener. */
  Subscription deliver(Delivery<?> delivery) throws ClosedChannelException {
    checkOpen("listen", null);
    ListenerPump<?> pump = new ListenerPump<>(this, delivery);
    pumps.add(pump);
    if (closed) {
      pump.close(); // Meanwhile: close may not have seen it.
    }
    pump.resume();
    return pump;
  }

  void forget(ListenerPump<?> pump) {
    pumps.remove(pump);
  }

  /** Tells the listeners, on any thread, that a target, or the peer, has no room. */
  void congested(@Nullable SocketAddress target) {
    pumps.forEach(pump -> pump.congested(target));
  }

  /** A duplicate of the descriptor, for the program that this process becomes. */
  FdHandle inheritable() throws IOException {
    checkOpen("exec", null);
    checkFeature(Feature.INHERITANCE, "exec");
    return transport.duplicate();
  }

  @Override
  public SocketAddress localAddress() throws IOException {
    checkOpen("getsockname", null);
    return transport.localAddress();
  }

  @Override
  public @Nullable SocketAddress remoteAddress() throws IOException {
    checkOpen("getpeername", null);
    return transport.remoteAddress();
  }

  @Override
  public int sendBufferSize() throws IOException {
    checkOpen("getsockopt", null);
    return transport.bufferSize(Interest.WRITE);
  }

  @Override
  public void sendBufferSize(int bytes) throws IOException {
    Opening.atLeastOne("sendBufferSize", bytes);
    checkOpen("setsockopt", null);
    transport.bufferSize(Interest.WRITE, bytes);
  }

  @Override
  public int receiveBufferSize() throws IOException {
    checkOpen("getsockopt", null);
    return transport.bufferSize(Interest.READ);
  }

  @Override
  public void receiveBufferSize(int bytes) throws IOException {
    Opening.atLeastOne("receiveBufferSize", bytes);
    checkOpen("setsockopt", null);
    transport.bufferSize(Interest.READ, bytes);
  }

  @Override
  public String provider() {
    return opened.provider();
  }

  @Override
  public Set<Feature> features() {
    return opened.features();
  }

  @Override
  public EventLoop eventLoop() {
    return transport.eventLoop();
  }

  @Override
  public Readiness readiness() {
    return transport;
  }

  @Override
  public synchronized void keepProcessAlive(boolean keep) {
    if (!closed) {
      KeepAlive.set(this, keep);
    }
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      KeepAlive.set(this, false);
    }
    try {
      beforeClose();
    } finally {
      closeTransport();
    }
  }

  private void closeTransport() {
    transport.close();
    afterClose();
    pumps.forEach(ListenerPump::close);
    CompletableFuture<Void> told;
    synchronized (this) {
      ended = true;
      told = end;
    }
    if (told != null) {
      eventLoop().execute(() -> told.complete(null));
    }
  }

  /** The step of closing while the transport is still open. */
  void beforeClose() {}

  /** The step of closing once the transport is closed. */
  void afterClose() {}

  @Override
  public synchronized CompletionStage<Void> closed() {
    if (end == null) {
      end = ended ? CompletableFuture.completedFuture(null) : new CompletableFuture<>();
    }
    return end.minimalCompletionStage();
  }

  @Override
  public String toString() {
    if (closed) {
      return "socket(closed)";
    }
    try {
      SocketAddress remote = transport.remoteAddress();
      return "socket(" + transport.localAddress() + (remote == null ? "" : " -> " + remote) + ")";
    } catch (IOException closing) {
      return "socket(closed)";
    }
  }
}

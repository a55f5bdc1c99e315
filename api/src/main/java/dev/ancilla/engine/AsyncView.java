package dev.ancilla.engine;

import dev.ancilla.AsyncDgram;
import dev.ancilla.Datagram;
import dev.ancilla.EventLoop;
import dev.ancilla.Message;
import dev.ancilla.ReceiveBatch;
import dev.ancilla.SendBatch;
import dev.ancilla.engine.Operation.Done;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Pending;
import dev.ancilla.spi.PendingSend;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Attempt, would block, arm, attempt from the wake. */
final class AsyncView implements AsyncDgram {
  /** The key of the lane to the connected peer. */
  private static final Object PEER = new Object();

  private final OpenDgram socket;
  private final EventLoop loop;
  private final Lane receives;
  private final Lane connects;
  private final Map<Object, Lane> sends = new ConcurrentHashMap<>();

  AsyncView(OpenDgram socket, EventLoop loop) {
    this.socket = socket;
    this.loop = loop;
    this.receives = new Lane(loop, () -> {});
    this.connects = new Lane(loop, () -> {});
  }

  @Override
  public CompletableFuture<Datagram> receive() {
    Operation<Datagram> operation =
        new Operation<>(
            () -> {
              Datagram datagram = socket.tryReceive();
              return datagram == null ? null : new Done<>(datagram);
            },
            wake -> socket.transport.arm(Interest.READ, wake),
            () -> {},
            receives::sweep);
    receives.add(operation);
    return operation;
  }

  @Override
  public CompletableFuture<Void> send(Message message) {
    PendingSend send;
    Object key;
    try {
      SocketAddress target = message.target();
      key = target == null ? PEER : socket.lane(target);
      send = socket.beginSend(message);
    } catch (IOException | RuntimeException e) {
      return Lane.failed(loop, e);
    }
    Operation<Void> operation =
        new Operation<>(
            () -> send.attempt() ? new Done<>(null) : null,
            send::arm,
            send::close,
            () -> sweepSends(key));
    sends.compute(
        key,
        (k, lane) -> {
          Lane used = lane == null ? newLane(k) : lane;
          used.add(operation);
          return used;
        });
    return operation;
  }

  private Lane newLane(Object key) {
    return new Lane(
        loop, () -> sends.computeIfPresent(key, (k, lane) -> lane.isEmpty() ? null : lane));
  }

  private void sweepSends(Object key) {
    Lane lane = sends.get(key);
    if (lane != null) {
      lane.sweep();
    }
  }

  @Override
  public CompletableFuture<Integer> receiveBatch(ReceiveBatch batch) {
    Operation<Integer> operation =
        new Operation<>(
            () -> {
              int count = socket.tryReceive(batch);
              return count == 0 ? null : new Done<>(count);
            },
            wake -> socket.transport.arm(Interest.READ, wake),
            () -> {},
            receives::sweep);
    receives.add(operation);
    return operation;
  }

  @Override
  public CompletableFuture<Void> send(SendBatch batch) {
    PendingSend send;
    try {
      send = socket.beginSend(batch);
    } catch (IOException | RuntimeException e) {
      return Lane.failed(loop, e);
    }
    Lane lane = new Lane(loop, () -> {});
    Operation<Void> operation =
        new Operation<>(
            () -> send.attempt() ? new Done<>(null) : null, send::arm, send::close, lane::sweep);
    lane.add(operation);
    return operation;
  }

  @Override
  public CompletableFuture<Void> bind(SocketAddress address) {
    return onceResolved(address, socket::bind);
  }

  @Override
  public CompletableFuture<Void> connect(SocketAddress address) {
    try {
      Pending<Boolean> connecting = socket.connecting(address);
      return connecting == null
          ? onceResolved(address, socket::tryConnect)
          : connects.run(() -> connecting);
    } catch (IOException | RuntimeException e) {
      return Lane.failed(loop, e);
    }
  }

  /** What needs an address and does not wait for more. */
  @FunctionalInterface
  private interface Step {
    void take(SocketAddress address) throws IOException;
  }

  private CompletableFuture<Void> onceResolved(SocketAddress address, Step step) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    Lookup lookup = socket.lookup(address);
    if (lookup == null) {
      loop.execute(() -> take(result, step, () -> address));
    } else {
      result.whenComplete((done, failure) -> lookup.close());
      lookup.arm(loop, () -> take(result, step, lookup::result));
    }
    return result;
  }

  /** Where an address comes from. */
  @FunctionalInterface
  private interface Source {
    SocketAddress address() throws IOException;
  }

  private static void take(CompletableFuture<Void> result, Step step, Source source) {
    if (result.isDone()) {
      return; // It was cancelled.
    }
    try {
      step.take(source.address());
      result.complete(null);
    } catch (IOException | RuntimeException e) {
      result.completeExceptionally(e);
    }
  }
}

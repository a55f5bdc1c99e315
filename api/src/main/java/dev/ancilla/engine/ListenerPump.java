package dev.ancilla.engine;

import dev.ancilla.Subscription;
import dev.ancilla.spi.Backoff;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.QuietLog;
import dev.ancilla.spi.Wait;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * Attempt, deliver, and when it would block arm: all on the loop's thread, a budget at a time.
 *
 * @param <T> what it delivers
 */
final class ListenerPump<T extends AutoCloseable> implements Subscription {
  private final OpenSocket<?> socket;
  private final Delivery<T> delivery;
  private final Congestion congestion;
  private volatile boolean paused = true;
  private volatile boolean closed;

  // Of the loop's thread alone.
  private boolean begun;
  private boolean pumping;
  private boolean ended;
  private boolean told;
  private boolean failing; // the last attempt failed
  private @Nullable Wait wait;
  private int waits; // tells the wake of the current wait from that of one given up

  ListenerPump(OpenSocket<?> socket, Delivery<T> delivery) {
    this.socket = socket;
    this.delivery = delivery;
    this.congestion = new Congestion(socket.transport, delivery, () -> !closed && socket.isOpen());
  }

  @Override
  public void pause() {
    paused = true;
    socket.eventLoop().execute(this::settle);
  }

  @Override
  public void resume() {
    paused = false;
    socket.eventLoop().execute(this::settle);
  }

  @Override
  public void close() {
    closed = true;
    socket.eventLoop().execute(this::settle);
  }

  /** Brings the pump to what pause, resume and close asked for. */
  private void settle() {
    begin();
    if (closed) {
      stopWaiting();
      if (!told) {
        told = true;
        congestion.end();
        socket.forget(this);
        guarded(delivery::closed);
      }
    } else if (paused || ended) {
      stopWaiting();
    } else if (!pumping && wait == null) {
      pump();
    }
  }

  /** Before everything else that a listener is told. */
  private void begin() {
    if (!begun) {
      begun = true;
      guarded(() -> delivery.begun(this));
    }
  }

  private void stopWaiting() {
    Wait current = wait;
    wait = null;
    if (current != null) {
      waits++;
      current.cancel();
    }
  }

  private void woken(int armed) {
    if (armed == waits) {
      pump();
    }
  }

  private void pump() {
    wait = null;
    pumping = false;
    while (!closed && !paused && !ended && socket.isOpen()) {
      if (!socket.eventLoop().spend()) {
        pumping = true;
        socket.eventLoop().execute(this::pump);
        return;
      }
      try {
        T taken = delivery.take();
        failing = false;
        if (taken == null) {
          awaitNext();
          return;
        }
        ended = delivery.isEnd(taken);
        deliver(taken);
      } catch (ClosedChannelException end) {
        return; // The end of the socket closes this subscription.
      } catch (EOFException end) {
        close();
        return;
      } catch (IOException | RuntimeException | Error e) {
        guarded(() -> delivery.failed(e));
        // Not again at once: an error that stays would leave room for nothing else.
        awaitAfterFailure();
        return;
      }
    }
  }

  private void awaitNext() {
    int armed = ++waits;
    wait = socket.readiness().arm(Interest.READ, () -> woken(armed));
  }

  /** Where each attempt fails the kernel may call the socket readable all the time. */
  private void awaitAfterFailure() {
    if (failing) {
      int armed = ++waits;
      wait = Backoff.later(socket.eventLoop(), () -> woken(armed));
    } else {
      failing = true;
      awaitNext();
    }
  }

  private void deliver(T taken) {
    try {
      // Only the socket's end drops it: a message that was being received while another thread
      // closed the subscription would otherwise be lost.
      if (socket.isOpen()) {
        delivery.give(taken);
      } else {
        taken.close();
      }
    } catch (Exception | Error e) {
      guarded(() -> delivery.failed(e));
    }
  }

  /** Called, on any thread, when a try to send found no room. */
  void congested(@Nullable SocketAddress target) {
    socket
        .eventLoop()
        .execute(
            () -> {
              begin(); // A thread that sends may have come before the first settle.
              congestion.noticed(target);
            });
  }

  static void guarded(Runnable callback) {
    try {
      callback.run();
    } catch (Throwable e) { // Kotlin declares no exceptions.
      QuietLog.log(Subscription.class, System.Logger.Level.ERROR, "a listener failed", e);
    }
  }
}

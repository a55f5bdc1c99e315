package dev.ancilla.engine;

import dev.ancilla.Datagram;
import dev.ancilla.DgramListener;
import dev.ancilla.Subscription;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Wait;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/** Attempt, deliver, and when it would block arm: all on the loop's thread, a budget at a time. */
final class ListenerPump implements Subscription {
  private final OpenDgram socket;
  private final DgramListener listener;
  private final Congestion congestion;
  private volatile boolean paused = true;
  private volatile boolean closed;

  // Of the loop's thread alone.
  private boolean pumping;
  private boolean told;
  private @Nullable Wait wait;
  private int waits; // tells the wake of the current wait from that of one given up

  ListenerPump(OpenDgram socket, DgramListener listener) {
    this.socket = socket;
    this.listener = listener;
    this.congestion = new Congestion(socket, listener, () -> !closed && socket.isOpen());
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
    if (closed) {
      stopWaiting();
      if (!told) {
        told = true;
        congestion.end();
        socket.forget(this);
        guarded(() -> listener.onClose(socket));
      }
    } else if (paused) {
      stopWaiting();
    } else if (!pumping && wait == null) {
      pump();
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
    while (!closed && !paused && socket.isOpen()) {
      if (!socket.eventLoop().spend()) {
        pumping = true;
        socket.eventLoop().execute(this::pump);
        return;
      }
      try {
        Datagram datagram = socket.tryReceive();
        if (datagram == null) {
          awaitNext();
          return;
        }
        deliver(datagram);
      } catch (ClosedChannelException end) {
        return; // The end of the socket closes this subscription.
      } catch (EOFException end) {
        close();
        return;
      } catch (IOException | RuntimeException e) {
        guarded(() -> listener.onError(socket, e));
        // Not again at once: an error that stays would leave room for nothing else.
        awaitNext();
        return;
      }
    }
  }

  private void awaitNext() {
    int armed = ++waits;
    wait = socket.transport.arm(Interest.READ, () -> woken(armed));
  }

  private void deliver(Datagram datagram) {
    try (datagram) {
      // Only the socket's end drops it: a message that was being received while another thread
      // closed the subscription would otherwise be lost.
      if (!socket.isOpen()) {
        return;
      }
      listener.onMessage(socket, datagram);
    } catch (Exception | Error e) {
      guarded(() -> listener.onError(socket, e));
    }
  }

  /** Called, on any thread, when a try to send found no room. */
  void congested(@Nullable SocketAddress target) {
    socket.eventLoop().execute(() -> congestion.noticed(target));
  }

  static void guarded(Runnable callback) {
    try {
      callback.run();
    } catch (RuntimeException | Error e) {
      System.getLogger(DgramListener.class.getName())
          .log(System.Logger.Level.ERROR, "a listener failed", e);
    }
  }
}

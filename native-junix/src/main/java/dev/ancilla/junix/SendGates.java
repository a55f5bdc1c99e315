package dev.ancilla.junix;

import dev.ancilla.UnixAddress;
import dev.ancilla.spi.Backoff;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.SelectorLoop;
import dev.ancilla.spi.Wait;
import dev.ancilla.spi.Watch;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.newsclub.net.unix.AFUNIXDatagramChannel;

/**
 * Waiting for room at the targets of an unconnected socket. The socket itself always polls
 * writable, even when the target's queue is full; an auxiliary socket that is connected to the
 * target polls the truth. There is one while somebody waits for that target.
 *
 * <p>Room at the target is not all: the socket's own send buffer may be full, with messages that
 * other targets have not taken. So a waiter passes two gates, the target's and then the socket's.
 */
final class SendGates {
  private final SelectorLoop loop;
  private final BiFunction<UnixAddress, Runnable, Wait> ownRoom;
  private final Map<UnixAddress, Gate> gates = new HashMap<>(); // of the loop's thread alone
  private boolean closed; // of the loop's thread alone

  /**
   * Creates the gates of one socket.
   *
   * @param ownRoom arms a wake for room in the socket's own buffer, for a message to a target
   */
  SendGates(SelectorLoop loop, BiFunction<UnixAddress, Runnable, Wait> ownRoom) {
    this.loop = loop;
    this.ownRoom = ownRoom;
  }

  Wait arm(UnixAddress target, Runnable wake) {
    Waiter waiter = new Waiter(target, wake);
    if (loop.inLoop()) {
      enter(waiter);
    } else {
      loop.execute(() -> enter(waiter));
    }
    return waiter;
  }

  /** Fires everybody who waits; on the loop's thread, as the socket closes. */
  void close() {
    loop.execute(
        () -> {
          closed = true;
          for (Gate gate : List.copyOf(gates.values())) {
            gate.fireAll();
          }
        });
  }

  private void enter(Waiter waiter) {
    if (waiter.cancelled) {
      return;
    }
    if (closed) {
      // Its attempt was made before the close, and the next one tells of it.
      loop.execute(waiter::fire);
      return;
    }
    Gate gate = gates.get(waiter.target);
    if (gate == null) {
      AFUNIXDatagramChannel auxiliary;
      try {
        auxiliary = AFUNIXDatagramChannel.open();
      } catch (IOException outOfDescriptors) {
        Backoff.later(loop, waiter::fire);
        return;
      }
      try {
        Worker.prepare(auxiliary);
        auxiliary.connect(Addresses.toJunix(waiter.target));
      } catch (IOException refused) {
        // Whatever it is, the attempt will meet it too and report it with its own addresses. Unless
        // the target is connected to this very socket: then only the own buffer can be full.
        Worker.close(auxiliary);
        waiter.pass();
        return;
      }
      gate = new Gate(waiter.target, auxiliary);
      gates.put(waiter.target, gate);
    }
    gate.add(waiter);
  }

  /** One target, while somebody waits for it. Of the loop's thread alone. */
  private final class Gate {
    private final UnixAddress target;
    private final AFUNIXDatagramChannel auxiliary;
    private final Watch watch;
    private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();

    Gate(UnixAddress target, AFUNIXDatagramChannel auxiliary) {
      this.target = target;
      this.auxiliary = auxiliary;
      this.watch = loop.watch(auxiliary);
    }

    void add(Waiter waiter) {
      waiters.add(waiter);
      if (waiters.size() == 1) {
        watch.arm(Interest.WRITE, this::open);
      }
    }

    /** Room, or an error: the first waiter goes, and the next when the poll says so again. */
    void open() {
      Waiter first = waiters.poll();
      if (first != null) {
        first.pass();
      }
      if (waiters.isEmpty()) {
        close();
      } else {
        watch.arm(Interest.WRITE, this::open);
      }
    }

    void remove(Waiter waiter) {
      if (waiters.remove(waiter) && waiters.isEmpty()) {
        close();
      }
    }

    void fireAll() {
      List<Waiter> all = List.copyOf(waiters);
      waiters.clear();
      close();
      all.forEach(Waiter::fire);
    }

    private void close() {
      gates.remove(target, this);
      Worker.close(auxiliary);
      watch.close();
    }
  }

  /** One send that waits. */
  private final class Waiter implements Wait {
    private final UnixAddress target;
    private final Runnable wake;
    private volatile boolean cancelled;
    private Wait own = () -> {}; // of the loop's thread alone

    Waiter(UnixAddress target, Runnable wake) {
      this.target = target;
      this.wake = wake;
    }

    void pass() {
      own = ownRoom.apply(target, this::fire);
    }

    void fire() {
      if (!cancelled) {
        wake.run();
      }
    }

    @Override
    public void cancel() {
      cancelled = true;
      loop.execute(
          () -> {
            own.cancel();
            Gate gate = gates.get(target);
            if (gate != null) {
              gate.remove(this);
            }
          });
    }
  }
}

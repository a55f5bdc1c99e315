package dev.ancilla.ffm;

import dev.ancilla.UnixAddress;
import dev.ancilla.spi.Backoff;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Pollers;
import dev.ancilla.spi.Wait;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Waiting for room at the targets of an unconnected socket. The socket itself always polls
 * writable, even when the target's queue is full; an auxiliary socket that is connected to the
 * target polls the truth ({@code unix_dgram_poll} of net/unix/af_unix.c).
 *
 * <p>The auxiliaries of the last few targets are kept for a moment, for a sender that is faster
 * than its receiver waits again after each few messages. One may be connected to a server that is
 * gone, and whose path another one has bound: if a wake was followed by no message, it is connected
 * anew before the next wait. That may also mean that not the target is full but the socket's own
 * buffer, with messages that other targets have not taken; so then the waiter passes that gate too.
 */
final class SendGates {
  private static final int KEPT = 4;

  /**
   * Each so many sweeps the auxiliaries are connected anew: the old server may still have its
   * socket, without reading it, while another one has bound the path. To the same server it changes
   * nothing.
   */
  private static final int RECONNECT = 10;

  /** An auxiliary that nobody needed for so long is closed. */
  private static final Executor LATER =
      CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS, Runnable::run);

  private final FfmDgram socket;
  private final EpollLoop loop;

  /** In the order of use, the least recent first; guarded by this. */
  private final LinkedHashMap<UnixAddress, Gate> gates = new LinkedHashMap<>(8, 0.75f, true);

  private boolean closed; // guarded by this
  private boolean sweeping; // guarded by this
  private int sweeps; // guarded by this

  /** Whether a gate may be fruitless, to be read without the lock. */
  private volatile boolean tried;

  SendGates(FfmDgram socket, EpollLoop loop) {
    this.socket = socket;
    this.loop = loop;
  }

  /** One target. */
  private static final class Gate {
    private final UnixAddress target;
    private final int fd;
    private final EpollWatch watch;
    private final Pollers<Poller> pollers = new Pollers<>(Poller::create);
    private int users; // guarded by the gates: how many wait
    private boolean used; // guarded by the gates: since the last sweep
    private volatile boolean fruitless; // somebody was woken, and no message has gone since

    Gate(UnixAddress target, int fd, EpollLoop loop) {
      this.target = target;
      this.fd = fd;
      this.watch = new EpollWatch(loop, fd, () -> {}); // By events: the next one is asked for.
    }

    /** Wakes who waits. Once both are closed nobody touches the descriptor any more. */
    void close() {
      watch.close();
      pollers.close();
      FfmFd.close(fd);
    }
  }

  /** Called after each message that was sent to a target. */
  void sent(UnixAddress target) {
    if (tried) {
      sentOneOf(target);
    }
  }

  private synchronized void sentOneOf(UnixAddress target) {
    tried = false;
    for (Gate gate : gates.values()) {
      if (gate.target.equals(target)) {
        gate.fruitless = false;
      }
      tried |= gate.fruitless;
    }
  }

  /**
   * Finds or makes the gate of a target, for one more user.
   *
   * @return {@code null} if the target refuses: the attempt will meet that too and report it,
   *     unless the target is connected to this very socket, and then only the own buffer can be
   *     full
   */
  private synchronized @Nullable Gate enter(UnixAddress target) throws IOException {
    if (closed) {
      return null;
    }
    Gate gate = gates.get(target);
    if (gate == null) {
      evict();
      int fd = Sock.open(Abi.AF_UNIX, Sock.DGRAM, 0);
      if (Sock.connect(fd, target) < 0) {
        FfmFd.close(fd);
        return null;
      }
      gate = new Gate(target, fd, loop);
      gates.put(target, gate);
    } else if (gate.fruitless && Sock.connect(gate.fd, target) < 0) {
      gates.remove(target);
      gate.close();
      return null;
    }
    gate.users++;
    gate.used = true;
    if (!sweeping) {
      sweeping = true;
      LATER.execute(this::sweep);
    }
    return gate;
  }

  private synchronized void leave(Gate gate) {
    gate.users--;
  }

  private synchronized void sweep() {
    sweeps++;
    for (Iterator<Gate> each = gates.values().iterator(); each.hasNext(); ) {
      Gate gate = each.next();
      boolean unused = gate.users == 0 && !gate.used;
      if (unused || (sweeps % RECONNECT == 0 && Sock.connect(gate.fd, gate.target) < 0)) {
        each.remove();
        gate.close();
      }
      gate.used = false;
    }
    sweeping = !gates.isEmpty();
    if (sweeping) {
      LATER.execute(this::sweep);
    }
  }

  private void evict() {
    Iterator<Map.Entry<UnixAddress, Gate>> oldest = gates.entrySet().iterator();
    for (int over = gates.size() - KEPT + 1; over > 0 && oldest.hasNext(); ) {
      Gate gate = oldest.next().getValue();
      if (gate.users == 0) {
        oldest.remove();
        gate.close();
        over--;
      }
    }
  }

  private void woke(Gate gate) {
    gate.fruitless = true;
    tried = true;
  }

  Wait arm(UnixAddress target, Runnable wake) {
    Gate gate;
    try {
      gate = enter(target);
    } catch (IOException outOfDescriptors) {
      return Backoff.later(loop, wake);
    }
    if (gate == null) {
      return armOwnRoom(target, wake);
    }
    Waiter waiter = new Waiter(gate, wake, gate.fruitless);
    waiter.start();
    return waiter;
  }

  /**
   * Room in the socket's own buffer, for a moment as {@link FfmDgram#awaitOwnRoom}. A connected
   * socket polls writable when its peer has room, which must not hold up a message to somebody
   * else, and nothing polls the buffer alone.
   */
  private Wait armOwnRoom(UnixAddress target, Runnable wake) {
    return socket.isConnectedElsewhere(target)
        ? Backoff.later(loop, wake)
        : Backoff.laterOr(loop, wake, once -> socket.watch.armOnce(Interest.WRITE, once));
  }

  /** Waits on the calling thread, a platform thread. */
  boolean await(UnixAddress target, Deadline deadline) throws InterruptedIOException {
    Gate gate;
    try {
      gate = enter(target);
    } catch (IOException outOfDescriptors) {
      return socket.parkSend(target, deadline);
    }
    if (gate == null) {
      return socket.awaitOwnRoom(target, deadline);
    }
    boolean own = gate.fruitless;
    try {
      if (!gate.pollers.await(
          (poller, nanos) -> poller.poll(gate.fd, Abi.POLLOUT, nanos),
          deadline,
          () -> false,
          () -> socket.parkSend(target, deadline))) {
        return false;
      }
      woke(gate);
    } finally {
      leave(gate);
    }
    return !own || socket.awaitOwnRoom(target, deadline);
  }

  /** Wakes everybody who waits, as the socket closes. */
  void close() {
    List<Gate> all;
    synchronized (this) {
      closed = true;
      all = new ArrayList<>(gates.values());
      gates.clear();
    }
    all.forEach(Gate::close);
  }

  /** One send that waits on the loop. */
  private final class Waiter implements Wait, Runnable {
    private final Gate gate;
    private final Runnable wake;
    private final boolean alsoOwn;
    private boolean left; // guarded by this
    private boolean cancelled; // guarded by this
    private @Nullable Wait wait; // guarded by this

    Waiter(Gate gate, Runnable wake, boolean alsoOwn) {
      this.gate = gate;
      this.wake = wake;
      this.alsoOwn = alsoOwn;
    }

    void start() {
      Wait armed = gate.watch.armOnce(Interest.WRITE, this);
      synchronized (this) {
        if (wait == null) {
          wait = armed;
        }
      }
    }

    /** The gate is open; on the loop's thread. */
    @Override
    public void run() {
      woke(gate);
      boolean end;
      synchronized (this) {
        end = cancelled;
        if (!end && alsoOwn) {
          wait = armOwnRoom(gate.target, wake);
        }
      }
      leaveOnce();
      if (!end && !alsoOwn) {
        wake.run();
      }
    }

    private void leaveOnce() {
      synchronized (this) {
        if (left) {
          return;
        }
        left = true;
      }
      leave(gate);
    }

    @Override
    public void cancel() {
      Wait current;
      synchronized (this) {
        cancelled = true;
        current = wait;
      }
      if (current != null) {
        current.cancel();
      }
      leaveOnce();
    }
  }
}

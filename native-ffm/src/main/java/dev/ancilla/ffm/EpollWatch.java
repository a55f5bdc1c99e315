package dev.ancilla.ffm;

import dev.ancilla.spi.Backoff;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Wait;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The waits on one descriptor of an {@link EpollLoop}. Safe for use by several threads.
 *
 * <p>The kernel is asked in one of two ways:
 *
 * <ul>
 *   <li>Whoever waits on the loop's thread makes its attempt there, in the very turn that wakes it,
 *       and mostly waits again. So the kernel is asked for good, by level: a wait costs no system
 *       call, and what an attempt left behind is told again. When something is told that nobody
 *       waits for, it is asked for no more.
 *   <li>Whoever waits elsewhere will be some microseconds late, and what comes in the meantime
 *       would wake the loop for nothing, message after message. So the kernel is asked for one
 *       event ({@code EPOLLONESHOT}), at the price of one system call a wait.
 * </ul>
 *
 * <p>An event wakes one waiter in each direction. While more wait the kernel stays asked.
 */
final class EpollWatch {
  private static final int ERRORS = Abi.EPOLLERR | Abi.EPOLLHUP;

  private final EpollLoop loop;
  private final int fd;
  private final Runnable abandoned;
  private final Direction reads = new Direction(Abi.EPOLLIN);
  private final Direction writes = new Direction(Abi.EPOLLOUT);
  private int slot = -1; // guarded by this; -1 until the kernel knows of this watch
  private int asked; // guarded by this: the events that the kernel will tell
  private boolean once; // guarded by this: it will tell them once
  private boolean closed; // guarded by this

  /** One direction. */
  private static final class Direction {
    private final int event;
    private final ArrayDeque<Armed> waiters = new ArrayDeque<>(2); // guarded by the watch
    private volatile int waiting; // the size of waiters, to be read without the lock

    Direction(int event) {
      this.event = event;
    }

    void add(Armed armed) {
      waiters.add(armed);
      waiting = waiters.size();
    }

    @Nullable Armed poll() {
      Armed next = waiters.poll();
      waiting = waiters.size();
      return next;
    }

    boolean remove(Armed armed) {
      boolean removed = waiters.remove(armed);
      waiting = waiters.size();
      return removed;
    }
  }

  /**
   * Creates the watch of a descriptor.
   *
   * @param abandoned runs when a waiter gives up that was woken before
   */
  EpollWatch(EpollLoop loop, int fd, Runnable abandoned) {
    this.loop = loop;
    this.fd = fd;
    this.abandoned = abandoned;
  }

  private Direction direction(Interest interest) {
    return interest == Interest.READ ? reads : writes;
  }

  /** Arms a wake; fires also for what is ready now. */
  Wait arm(Interest interest, Runnable wake) {
    return arm(interest, wake, loop.inLoop());
  }

  /**
   * Arms a wake for an attempt that is not made on this descriptor: what is ready stays ready, so
   * by level it would be told again and again.
   */
  Wait armOnce(Interest interest, Runnable wake) {
    return arm(interest, wake, false);
  }

  private Wait arm(Interest interest, Runnable wake, boolean byLevel) {
    Direction direction = direction(interest);
    Armed armed = new Armed(this, direction, wake);
    boolean late = false;
    int failed = 0;
    if (!byLevel) {
      loop.ensureRunning(); // First: where no thread can be had, nobody waits.
    }
    synchronized (this) {
      if (closed) {
        late = true;
      } else {
        direction.add(armed);
        if (!byLevel) {
          failed = askOnce();
        } else if (once || (asked & direction.event) == 0) {
          failed = askForGood();
        }
        if (failed < 0) {
          direction.remove(armed);
        }
      }
    }
    if (late) {
      loop.execute(wake);
    } else if (failed < 0) {
      // Out of memory, or of watches (epoll(7), max_user_watches): try again a little later.
      Backoff.later(loop, wake);
    }
    return armed;
  }

  private int wanted() {
    return (reads.waiting > 0 ? Abi.EPOLLIN : 0) | (writes.waiting > 0 ? Abi.EPOLLOUT : 0);
  }

  /**
   * Errors are told by level whether asked for or not, so where nobody waits they are told once.
   */
  private int askForGood() {
    int wanted = wanted();
    once = wanted == 0;
    return ask(once ? Abi.EPOLLONESHOT : wanted, wanted);
  }

  private int askOnce() {
    int wanted = wanted();
    once = true;
    return ask(wanted | Abi.EPOLLONESHOT, wanted);
  }

  /** Asking again tells of what is ready now, also of what was told before. */
  private int ask(int events, int wanted) {
    boolean first = slot < 0;
    if (first) {
      slot = loop.register(this);
    }
    int result = loop.control(first ? Abi.EPOLL_CTL_ADD : Abi.EPOLL_CTL_MOD, fd, events, slot);
    if (result == 0) {
      asked = wanted;
    } else if (first) {
      loop.deregister(slot);
      slot = -1;
    }
    return result;
  }

  /** Called by the loop, on its thread, with what the kernel told. */
  void ready(int events) {
    Armed reader = null;
    Armed writer = null;
    synchronized (this) {
      if (closed) {
        return;
      }
      if (once) {
        asked = 0; // It was one event, and this is it.
      }
      boolean readable = (events & (Abi.EPOLLIN | ERRORS)) != 0;
      boolean writable = (events & (Abi.EPOLLOUT | ERRORS)) != 0;
      reader = readable ? reads.poll() : null;
      writer = writable ? writes.poll() : null;
      if (once) {
        if (wanted() != 0) {
          askOnce();
        }
      } else if ((readable && reader == null) || (writable && writer == null)) {
        askForGood(); // Nobody waits for that any more.
      }
    }
    if (reader != null) {
      EpollLoop.runLogged(reader.wake);
    }
    if (writer != null) {
      EpollLoop.runLogged(writer.wake);
    }
  }

  /**
   * Wakes the next waiter for something that the kernel does not have any more.
   *
   * @param then runs on the loop's thread after the wake
   * @return whether somebody waits
   */
  boolean wakeNext(Interest interest, Runnable then) {
    Direction direction = direction(interest);
    if (direction.waiting == 0) {
      return false;
    }
    Armed next;
    synchronized (this) {
      next = direction.poll();
    }
    if (next == null) {
      return false;
    }
    loop.execute(
        () -> {
          EpollLoop.runLogged(next.wake);
          then.run();
        });
    return true;
  }

  /** Ends watching and fires every armed wake. Before the descriptor is closed. Idempotent. */
  void close() {
    List<Armed> all = new ArrayList<>();
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      if (slot >= 0) {
        // Explicitly: the kernel forgets it by itself only when no duplicate is left (epoll(7)).
        loop.control(Abi.EPOLL_CTL_DEL, fd, 0, slot);
        loop.deregister(slot);
      }
      all.addAll(reads.waiters);
      all.addAll(writes.waiters);
      reads.waiters.clear();
      writes.waiters.clear();
    }
    for (Armed armed : all) {
      loop.execute(armed.wake);
    }
  }

  /** One waiter. */
  private static final class Armed implements Wait {
    private final EpollWatch watch;
    private final Direction direction;
    private final Runnable wake;

    Armed(EpollWatch watch, Direction direction, Runnable wake) {
      this.watch = watch;
      this.direction = direction;
      this.wake = wake;
    }

    @Override
    public void cancel() {
      boolean fired;
      synchronized (watch) {
        fired = !direction.remove(this);
      }
      if (fired) {
        watch.abandoned.run(); // What it was woken for is the next one's.
      }
    }
  }
}

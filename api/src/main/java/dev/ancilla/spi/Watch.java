package dev.ancilla.spi;

import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The waits on one channel of a {@link SelectorLoop}. Safe for use by several threads. */
public final class Watch {
  private final SelectorLoop loop;
  private final SelectableChannel channel;
  private final ArrayDeque<Armed> readers = new ArrayDeque<>(2); // guarded by this
  private final ArrayDeque<Armed> writers = new ArrayDeque<>(2); // guarded by this
  private boolean queued; // guarded by this
  private int selected; // the operations that the selector tells of; guarded by this
  private boolean armedOnce; // guarded by this
  private boolean closed; // guarded by this
  private @Nullable SelectionKey key; // of the loop's thread alone

  Watch(SelectorLoop loop, SelectableChannel channel) {
    this.loop = loop;
    this.channel = channel;
  }

  /**
   * Arms a one-shot wake, as {@link Readiness#arm} describes.
   *
   * @param interest the direction
   * @param wake runs on the loop's thread
   * @return the armed wait
   */
  public Wait arm(Interest interest, Runnable wake) {
    Armed armed = new Armed(this, interest, wake);
    boolean late;
    boolean look = false;
    synchronized (this) {
      late = closed;
      if (!late) {
        armedOnce = true;
        waiters(interest).add(armed);
        // Mostly somebody waited so before, and the selector, which may be asleep, still looks.
        look = (selected & operation(interest)) == 0;
        if (look) {
          queueForUpdate();
        }
      }
    }
    if (late) {
      loop.execute(wake);
    } else if (look) {
      loop.mustLook();
    }
    return armed;
  }

  /** Ends watching and fires every armed wake, on the loop's thread. Idempotent. */
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      if (!armedOnce) {
        return; // The loop has never heard of this channel.
      }
      queueForUpdate();
    }
    loop.mustLook();
  }

  private ArrayDeque<Armed> waiters(Interest interest) {
    return interest == Interest.READ ? readers : writers;
  }

  static int operation(Interest interest) {
    return interest == Interest.READ ? SelectionKey.OP_READ : SelectionKey.OP_WRITE;
  }

  private void queueForUpdate() {
    if (!queued) {
      queued = true;
      loop.changed(this);
    }
  }

  void update(Selector current) {
    int ops;
    boolean ended;
    synchronized (this) {
      queued = false;
      ended = closed;
      if (!readers.isEmpty()) {
        selected |= SelectionKey.OP_READ;
      }
      if (!writers.isEmpty()) {
        selected |= SelectionKey.OP_WRITE;
      }
      ops = selected;
    }
    if (ended) {
      deregister();
      fireAll();
      return;
    }
    try {
      if (key == null) {
        key = channel.register(current, ops, this);
        loop.registered(this);
      } else if (key.interestOps() != ops) {
        key.interestOps(ops);
      }
    } catch (ClosedChannelException | RuntimeException gone) {
      // The channel was closed meanwhile, or its key dropped: the next attempts will tell.
      deregister();
      fireAll();
    }
  }

  void ready(SelectionKey found) {
    boolean valid = found.isValid();
    try {
      if (valid) {
        wakeNext(found);
      }
    } catch (CancelledKeyException closedMeanwhile) {
      valid = false;
    }
    if (!valid) {
      // The next attempts will tell.
      deregister();
      fireAll();
    }
  }

  private void wakeNext(SelectionKey found) {
    int ops = found.readyOps();
    boolean unwanted = false;
    for (Interest interest : Interest.values()) {
      if ((ops & operation(interest)) != 0) {
        Armed next = poll(interest);
        if (next == null) {
          unwanted = true;
        } else {
          SelectorLoop.runLogged(next.wake);
        }
      }
    }
    // The selector looks on until nobody waits any more: mostly the woken one waits again.
    if (unwanted && found.isValid()) {
      found.interestOps(wanted());
    }
  }

  /** What somebody waits for; whoever waits for more from now on has to say so. */
  private synchronized int wanted() {
    selected =
        (readers.isEmpty() ? 0 : SelectionKey.OP_READ)
            | (writers.isEmpty() ? 0 : SelectionKey.OP_WRITE);
    return selected;
  }

  void checkKey() {
    SelectionKey current = key;
    if (current != null && !current.isValid()) {
      deregister();
      fireAll();
    }
  }

  private void deregister() {
    loop.deregistered(this);
    SelectionKey current = key;
    key = null;
    if (current != null) {
      current.cancel();
    }
  }

  private void fireAll() {
    List<Armed> all = new ArrayList<>();
    synchronized (this) {
      all.addAll(readers);
      all.addAll(writers);
      readers.clear();
      writers.clear();
      selected = 0;
    }
    for (Armed armed : all) {
      SelectorLoop.runLogged(armed.wake);
    }
  }

  private synchronized @Nullable Armed poll(Interest interest) {
    return waiters(interest).poll();
  }

  private synchronized void remove(Armed armed) {
    waiters(armed.interest).remove(armed);
  }

  /** One waiter. Records would compare by value, and two waits may be alike. */
  private static final class Armed implements Wait {
    private final Watch watch;
    private final Interest interest;
    private final Runnable wake;

    Armed(Watch watch, Interest interest, Runnable wake) {
      this.watch = watch;
      this.interest = interest;
      this.wake = wake;
    }

    @Override
    public void cancel() {
      watch.remove(this);
    }
  }
}

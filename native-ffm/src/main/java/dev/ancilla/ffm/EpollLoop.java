package dev.ancilla.ffm;

import dev.ancilla.EventLoop;
import dev.ancilla.spi.QuietLog;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One thread over {@code epoll(7)}. It starts with the first wait or task, and ends when the last
 * socket is gone and no task is left.
 *
 * <p>In steady state a turn allocates nothing: events are read from native memory, watches stand in
 * an array under the number that the kernel gives back, and the loop's own tasks in a ring.
 */
final class EpollLoop implements EventLoop {
  private static final int AWAKE = 0;
  private static final int ASLEEP = 1;

  private final String name;
  private final long spinNanos;
  private final Overflow.Pool overflows = new Overflow.Pool();

  private final Object life = new Object();
  private volatile int users; // written under life
  private @Nullable Thread thread; // guarded by life
  private ArrayDeque<Runnable> posted = new ArrayDeque<>(); // guarded by life
  private volatile boolean hasPosted; // written under life

  /** Whether to write to the eventfd. Whoever makes it AWAKE writes, or is the loop itself. */
  private final AtomicInteger sleep = new AtomicInteger(AWAKE);

  private final Object waking = new Object();
  private volatile @Nullable Epoll epoll; // written under waking and life

  private final Object slots = new Object();
  private volatile @Nullable EpollWatch[] watches = new EpollWatch[16]; // written under slots
  private int firstFree; // guarded by slots: no lower slot is free

  // Of the loop's thread alone.
  private ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private ArrayDeque<Runnable> spare = new ArrayDeque<>();
  private int budget = BUDGET;

  /**
   * Creates a loop; no thread starts yet.
   *
   * @param spinNanos for how long it looks for work before it sleeps
   */
  EpollLoop(String name, long spinNanos) {
    this.name = name;
    this.spinNanos = spinNanos;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean inLoop() {
    return Thread.currentThread() instanceof LoopThread current && current.loop() == this;
  }

  @Override
  public boolean spend() {
    return budget-- > 0;
  }

  long spinNanos() {
    return spinNanos;
  }

  Overflow.Pool overflows() {
    return overflows;
  }

  /** Counts a socket in. The loop's thread may end once all are counted out. */
  void attach() throws IOException {
    synchronized (life) {
      open();
      users++;
    }
  }

  /** Counts a socket out. */
  void detach() {
    synchronized (life) {
      users--;
      if (users == 0 && thread == null) {
        closeEpoll();
      }
    }
    wake();
  }

  private Epoll open() throws IOException {
    Epoll current = epoll;
    if (current == null) {
      current = Epoll.open();
      epoll = current;
    }
    return current;
  }

  @Override
  public void execute(Runnable task) {
    if (inLoop()) {
      tasks.add(task);
      return;
    }
    synchronized (life) {
      start();
      posted.add(task);
      hasPosted = true;
    }
    wake();
  }

  /** Called by a watch before it waits: somebody must look at the kernel's events. */
  void ensureRunning() {
    synchronized (life) {
      start();
    }
  }

  private void start() {
    if (thread != null) {
      return;
    }
    try {
      open();
    } catch (IOException e) {
      throw new RejectedExecutionException(name + " has no epoll: " + e.getMessage(), e);
    }
    Thread starting = new LoopThread();
    starting.start(); // Where no thread can be had this throws, and the next call tries again.
    thread = starting;
  }

  private void wake() {
    if (sleep.compareAndSet(ASLEEP, AWAKE)) {
      // Under a lock: the loop may be awake for another reason, end, and close the eventfd.
      synchronized (waking) {
        Epoll current = epoll;
        if (current != null) {
          current.wake();
        }
      }
    }
  }

  /** Gives a watch the number under which the kernel tells of it. */
  int register(EpollWatch watch) {
    synchronized (slots) {
      EpollWatch[] current = watches;
      int slot = firstFree;
      while (slot < current.length && current[slot] != null) {
        slot++;
      }
      if (slot == current.length) {
        current = Arrays.copyOf(current, slot * 2);
      }
      current[slot] = watch;
      firstFree = slot + 1;
      watches = current;
      return slot;
    }
  }

  /** Frees a number. An event that is already on its way then wakes nobody, or somebody in vain. */
  void deregister(int slot) {
    synchronized (slots) {
      EpollWatch[] current = watches;
      current[slot] = null;
      firstFree = Math.min(firstFree, slot);
      watches = current;
    }
  }

  /**
   * Adds, changes or removes a descriptor; of an attached socket, whose lock the caller holds.
   *
   * @return 0, or the negative errno
   */
  int control(int operation, int fd, int events, int slot) {
    Epoll current = epoll;
    if (current == null) {
      throw new IllegalStateException(name + ": a socket that is not attached waits");
    }
    return current.control(operation, fd, events, slot);
  }

  private void run() {
    boolean running = true;
    while (running) {
      budget = BUDGET;
      try {
        running = turn();
      } catch (Throwable e) {
        logError("a turn of " + name + " failed", e);
      }
    }
  }

  /** Returns false when nobody needs this thread any more. */
  private boolean turn() {
    Epoll current = epoll;
    if (current == null) {
      throw new IllegalStateException("a loop runs without an epoll");
    }
    boolean idle = tasks.isEmpty() && !hasPosted;
    if (idle && users == 0 && end()) {
      return false;
    }
    int ready = idle ? await(current) : current.poll();
    for (int i = 0; i < ready; i++) {
      int slot = current.slot(i);
      if (slot >= 0) {
        EpollWatch watch = watches[slot];
        if (watch != null) {
          tell(watch, current.events(i));
        }
      }
    }
    takePosted();
    // Only those that are there now: what they add comes after the next look at the sockets.
    for (int left = tasks.size(); left > 0; left--) {
      runLogged(tasks.poll());
    }
    return true;
  }

  /** The others of this turn are told whatever happens to one: some are told once only. */
  private static void tell(EpollWatch watch, int events) {
    try {
      watch.ready(events);
    } catch (Throwable e) {
      logError("a watch of an event loop failed", e);
    }
  }

  private void takePosted() {
    if (!hasPosted) {
      return;
    }
    ArrayDeque<Runnable> taken;
    synchronized (life) {
      taken = posted;
      posted = spare;
      hasPosted = false;
    }
    Runnable task;
    while ((task = taken.poll()) != null) {
      tasks.add(task);
    }
    spare = taken;
  }

  private int await(Epoll current) {
    if (spinNanos > 0) {
      long start = System.nanoTime();
      do {
        int ready = current.poll();
        if (ready > 0 || hasPosted) {
          return ready;
        }
        Thread.onSpinWait();
      } while (System.nanoTime() - start < spinNanos);
    }
    sleep.set(ASLEEP);
    // Who posted, or left, before that did not write to the eventfd.
    int ready = hasPosted || users == 0 ? current.poll() : current.sleep();
    sleep.set(AWAKE);
    return ready;
  }

  private boolean end() {
    synchronized (life) {
      if (users > 0 || !posted.isEmpty()) {
        return false;
      }
      thread = null;
      closeEpoll();
      return true;
    }
  }

  private void closeEpoll() {
    synchronized (waking) {
      Epoll current = epoll;
      epoll = null;
      if (current != null) {
        current.close();
      }
    }
    overflows.close();
  }

  /**
   * Whatever it is, for Kotlin declares no exceptions: a thread that ended here would leave every
   * socket of the loop waiting for ever.
   */
  static void runLogged(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      logError("a task of an event loop failed", e);
    }
  }

  private static void logError(String message, Throwable thrown) {
    QuietLog.log(EpollLoop.class, System.Logger.Level.ERROR, message, thrown);
  }

  @Override
  public String toString() {
    return name;
  }

  /** The loop's thread. It takes no interrupts, as {@link EventLoop} says. */
  private final class LoopThread extends Thread {
    LoopThread() {
      super(null, null, name, 0, false); // Nothing inherited from whoever happened to start it.
      setDaemon(true);
    }

    EpollLoop loop() {
      return EpollLoop.this;
    }

    @Override
    public void interrupt() {
      // See above.
    }

    @Override
    public void run() {
      EpollLoop.this.run();
    }
  }
}

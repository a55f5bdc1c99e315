package dev.ancilla.spi;

import dev.ancilla.EventLoop;
import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An event loop over a {@link Selector}; the JDK's and junixsocket's providers each have one.
 *
 * <p>The selector is level-triggered, which makes the baton of a wake easy: whoever is woken and
 * gives up leaves the socket readable, so the next select wakes the next waiter.
 */
public final class SelectorLoop implements EventLoop {
  private final String name;
  private final Source source;
  private final boolean losesKeys;

  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Queue<Watch> changed = new ConcurrentLinkedQueue<>();

  private final Object life = new Object();
  private int users; // guarded by life
  private @Nullable Thread thread; // guarded by life, read by inLoop
  private volatile @Nullable Sleeper sleeper; // written under life

  /** How many selects have begun and ended: odd within one. Written by the loop's thread alone. */
  private volatile long selects;

  // Of the loop's thread alone.
  private final Set<Watch> registered = new HashSet<>();
  private int budget;

  /** Opens selectors. */
  @FunctionalInterface
  public interface Source {
    /**
     * Opens a selector.
     *
     * @return the selector
     * @throws IOException if the process can open no more descriptors
     */
    Selector open() throws IOException;
  }

  /**
   * Creates a loop; no thread starts yet.
   *
   * @param name the name of its thread
   * @param source opens its selector
   * @param losesKeys whether the selector drops the key of a channel with an error without telling,
   *     as junixsocket's does; the loop then looks for such keys after each select
   */
  public SelectorLoop(String name, Source source, boolean losesKeys) {
    this.name = name;
    this.source = source;
    this.losesKeys = losesKeys;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean inLoop() {
    return Thread.currentThread() instanceof LoopThread current && current.loop() == this;
  }

  /**
   * Tells whether the caller is on the thread of any such loop, which takes no interrupts.
   *
   * @return whether the current thread is a loop's
   */
  public static boolean onLoopThread() {
    return Thread.currentThread() instanceof LoopThread;
  }

  @Override
  public boolean spend() {
    return budget-- > 0;
  }

  /**
   * Counts a socket in. The loop's thread may end once all are counted out.
   *
   * @throws IOException if the selector cannot be opened
   */
  public void attach() throws IOException {
    synchronized (life) {
      if (sleeper == null) {
        sleeper = new Sleeper(source.open());
      }
      users++;
    }
  }

  /** Counts a socket out. */
  public void detach() {
    synchronized (life) {
      users--;
      if (users == 0 && thread == null) {
        closeSelector();
      }
    }
    wake();
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    if (!inLoop()) {
      try {
        start();
      } catch (RejectedExecutionException e) {
        tasks.remove(task); // Who is told that it was refused must not see it run later.
        throw e;
      }
      wake();
    }
  }

  /**
   * Begins to watch a channel.
   *
   * @param channel a non-blocking channel of the selector's provider
   * @return the watch, to be closed by the caller
   */
  public Watch watch(SelectableChannel channel) {
    return new Watch(this, channel);
  }

  private void start() {
    synchronized (life) {
      if (thread != null) {
        return;
      }
      if (sleeper == null) {
        try {
          sleeper = new Sleeper(source.open());
        } catch (IOException e) {
          throw new RejectedExecutionException(name + " has no selector: " + e.getMessage(), e);
        }
      }
      Thread starting = new LoopThread();
      starting.start(); // Where no thread can be had this throws, and the next call tries again.
      thread = starting;
    }
  }

  private void wake() {
    Sleeper current = sleeper;
    if (current != null && !inLoop()) {
      current.wake();
    }
  }

  private void run() {
    boolean running = true;
    while (running) {
      budget = BUDGET;
      try {
        running = turn();
      } catch (Throwable e) {
        log(System.Logger.Level.ERROR, "a turn of " + name + " failed", e);
      }
    }
  }

  /** Returns false when nobody needs this thread any more. */
  private boolean turn() throws IOException {
    Sleeper asleep = sleeper;
    if (asleep == null) {
      throw new IllegalStateException("a loop runs without a selector");
    }
    Selector current = asleep.selector;
    for (Watch watch = changed.poll(); watch != null; watch = changed.poll()) {
      watch.update(current);
    }
    // Not before: the close of the last socket is such a change, and nobody wakes the loop after
    // it.
    if (end()) {
      return false;
    }
    select(current);
    asleep.woken.set(false);
    Iterator<SelectionKey> ready = current.selectedKeys().iterator();
    while (ready.hasNext()) {
      SelectionKey key = ready.next();
      ready.remove();
      ((Watch) key.attachment()).ready(key);
    }
    if (losesKeys) {
      findLostKeys();
    }
    // Only those that are there now: what they add comes after the next select.
    for (int left = tasks.size(); left > 0; left--) {
      Runnable task = tasks.poll();
      if (task != null) {
        runLogged(task);
      }
    }
    return true;
  }

  @SuppressWarnings("NonAtomicOperationOnVolatileField") // One thread writes it.
  private void select(Selector current) throws IOException {
    selects++;
    try {
      if (tasks.isEmpty()) {
        current.select();
      } else {
        current.selectNow();
      }
    } finally {
      selects++;
    }
  }

  /**
   * Returns when a select that was under way has ended. With {@code poll(2)} the kernel holds all
   * files of a select until then: a socket whose descriptor was closed meanwhile still takes
   * messages, which nobody receives.
   */
  public void endSelect() {
    long seen = selects;
    if (seen % 2 == 0 || inLoop()) {
      return;
    }
    wake();
    while (selects == seen) {
      Thread.yield();
    }
  }

  /** Called by a watch, on any thread: there is something to look at. */
  void changed(Watch watch) {
    changed.add(watch);
  }

  /** Called by a watch, on any thread, after a change. */
  void mustLook() {
    if (!inLoop()) {
      start();
      wake();
    }
  }

  /** Called by a watch, on the loop's thread: it has a key. */
  void registered(Watch watch) {
    registered.add(watch);
  }

  /** Called by a watch, on the loop's thread: it has no key any more. */
  void deregistered(Watch watch) {
    registered.remove(watch);
  }

  private void findLostKeys() {
    for (Watch watch : List.copyOf(registered)) {
      watch.checkKey();
    }
  }

  private boolean end() {
    synchronized (life) {
      if (users > 0 || !tasks.isEmpty() || !changed.isEmpty()) {
        return false;
      }
      thread = null;
      closeSelector();
      return true;
    }
  }

  private void closeSelector() {
    Sleeper current = sleeper;
    sleeper = null;
    registered.clear();
    if (current != null) {
      try {
        current.selector.close();
      } catch (IOException e) {
        log(System.Logger.Level.WARNING, "closing the selector of " + name + " failed", e);
      }
    }
  }

  /**
   * Whatever it is, for Kotlin declares no exceptions: a thread that ended here would leave every
   * socket of the loop waiting for ever.
   */
  static void runLogged(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      log(System.Logger.Level.ERROR, "a task of an event loop failed", e);
    }
  }

  private static void log(System.Logger.Level level, String message, Throwable thrown) {
    QuietLog.log(SelectorLoop.class, level, message, thrown);
  }

  /**
   * A selector, with the flag that coalesces its wake-ups: junixsocket's pipe blocks for ever after
   * 65,536 that nobody consumed. The two go together: a wake-up that comes too late for one
   * selector must not pass for one of the next.
   */
  private static final class Sleeper {
    private final Selector selector;
    private final AtomicBoolean woken = new AtomicBoolean();

    Sleeper(Selector selector) {
      this.selector = selector;
    }

    void wake() {
      if (woken.compareAndSet(false, true)) {
        selector.wakeup();
      }
    }
  }

  /** The loop's thread. It cannot be interrupted: that would close the channel it is working on. */
  private final class LoopThread extends Thread {
    LoopThread() {
      super(name);
      setDaemon(true);
    }

    SelectorLoop loop() {
      return SelectorLoop.this;
    }

    @Override
    public void interrupt() {
      // See above.
    }

    @Override
    public void run() {
      SelectorLoop.this.run();
    }
  }
}

package dev.ancilla.ffm;

import dev.ancilla.spi.Pollers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;

/**
 * One {@code poll(2)} of one thread, over a descriptor and an eventfd that ends it.
 *
 * <p>A selector in name only: {@link AbstractSelector#begin} is the public way to have {@link
 * #wakeup} called when the waiting thread is interrupted.
 */
final class Poller extends AbstractSelector implements Pollers.Poller {
  private final int eventFd;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment fds = arena.allocate(2L * Abi.Pollfd.SIZE, 8);
  private final MemorySegment count = arena.allocate(8, 8);
  private final MemorySegment errno = Libc.newErrno(arena);
  private final MemorySegment one = arena.allocate(8, 8);
  private final MemorySegment wakeErrno = Libc.newErrno(arena); // guarded by this

  private Poller(int eventFd) {
    super(SelectorProvider.provider());
    this.eventFd = eventFd;
    one.set(ValueLayout.JAVA_LONG, 0, 1);
  }

  static Poller create() throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      int eventFd = Libc.eventfd(scratch.errno, 0, Abi.EFD_CLOEXEC | Abi.EFD_NONBLOCK);
      if (eventFd < 0) {
        throw Failures.of("eventfd", eventFd, null, null);
      }
      boolean done = false;
      try {
        Poller created = new Poller(eventFd);
        done = true;
        return created;
      } finally {
        if (!done) {
          FfmFd.close(eventFd); // There was no memory.
        }
      }
    }
  }

  /**
   * Waits until a descriptor is ready, somebody calls {@link #wakeup}, the thread is interrupted,
   * or the time has passed.
   *
   * <p>The descriptor may be closed, and its number mean another file, by a thread that has woken
   * this one before: polling a stranger changes nothing about it, and this returns at once.
   */
  void poll(int fd, short events, long nanos) {
    set(0, fd, events);
    set(1, eventFd, Abi.POLLIN);
    int millis = nanos == Long.MAX_VALUE ? -1 : (int) Math.min(nanos / 1_000_000 + 1, 1 << 30);
    begin();
    try {
      Libc.poll(errno, fds.address(), 2, millis);
    } finally {
      end();
    }
    if (fds.get(ValueLayout.JAVA_SHORT, Abi.Pollfd.SIZE + Abi.Pollfd.REVENTS) != 0) {
      Libc.read(errno, eventFd, count.address(), 8); // Back to zero, for the next wait.
    }
  }

  private void set(int index, int fd, short events) {
    long at = (long) index * Abi.Pollfd.SIZE;
    fds.set(ValueLayout.JAVA_INT, at + Abi.Pollfd.FD, fd);
    fds.set(ValueLayout.JAVA_SHORT, at + Abi.Pollfd.EVENTS, events);
    fds.set(ValueLayout.JAVA_SHORT, at + Abi.Pollfd.REVENTS, (short) 0);
  }

  @Override
  public void wake() {
    wakeup();
  }

  /** Ends the wait, or the next one. */
  @Override
  public synchronized Selector wakeup() {
    if (isOpen()) {
      Libc.write(wakeErrno, eventFd, one.address(), 8);
    }
    return this;
  }

  @Override
  protected synchronized void implCloseSelector() {
    FfmFd.close(eventFd);
    arena.close();
  }

  // A selector has these too. It is nobody's but Pollers', which calls none of them: no channel can
  // be registered, for the one descriptor it polls is no channel.

  @Override
  public Set<SelectionKey> keys() {
    return Set.of();
  }

  @Override
  public Set<SelectionKey> selectedKeys() {
    return Set.of();
  }

  @Override
  public int selectNow() {
    throw new UnsupportedOperationException("a poller has no channels");
  }

  @Override
  public int select(long timeout) {
    throw new UnsupportedOperationException("a poller has no channels");
  }

  @Override
  public int select() {
    throw new UnsupportedOperationException("a poller has no channels");
  }

  @Override
  protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
    throw new UnsupportedOperationException("a poller has no channels");
  }
}

package dev.ancilla.ffm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One epoll instance, with the eventfd that wakes it. Waiting is the loop's thread's alone;
 * changing what is watched and waking are anybody's.
 */
final class Epoll {
  private static final int MAX_EVENTS = 256;
  private static final int WAKE_SLOT = -1;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment events = arena.allocate((long) MAX_EVENTS * Abi.EpollEvent.SIZE, 8);
  private final MemorySegment waitErrno = Libc.newErrno(arena);
  private final MemorySegment change = arena.allocate(Abi.EpollEvent.SIZE, 8); // guarded by itself
  private final MemorySegment changeErrno = Libc.newErrno(arena); // guarded by change
  private final MemorySegment one = arena.allocate(8, 8);
  private final MemorySegment wakeErrno = Libc.newErrno(arena);
  private final int fd;
  private final int wakeFd;

  private Epoll(int fd, int wakeFd) {
    this.fd = fd;
    this.wakeFd = wakeFd;
    one.set(ValueLayout.JAVA_LONG, 0, 1);
  }

  static Epoll open() throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      int fd = Libc.epollCreate1(scratch.errno, Abi.EPOLL_CLOEXEC);
      if (fd < 0) {
        throw Failures.of("epoll_create1", fd, null, null);
      }
      int wakeFd = Libc.eventfd(scratch.errno, 0, Abi.EFD_CLOEXEC | Abi.EFD_NONBLOCK);
      if (wakeFd < 0) {
        FfmFd.close(fd);
        throw Failures.of("eventfd", wakeFd, null, null);
      }
      Epoll opened = new Epoll(fd, wakeFd);
      // Edge-triggered: each write is an edge, so that nobody has to read.
      int added = opened.control(Abi.EPOLL_CTL_ADD, wakeFd, Abi.EPOLLIN | Abi.EPOLLET, WAKE_SLOT);
      if (added < 0) {
        opened.close();
        throw Failures.of("epoll_ctl", added, null, null);
      }
      return opened;
    }
  }

  int control(int operation, int target, int interest, int slot) {
    synchronized (change) {
      change.set(ValueLayout.JAVA_INT, Abi.EpollEvent.EVENTS, interest);
      change.set(ValueLayout.JAVA_LONG_UNALIGNED, Abi.EpollEvent.DATA, slot);
      return Libc.epollCtl(changeErrno, fd, operation, target, change.address());
    }
  }

  /** Returns how many descriptors are ready now. */
  int poll() {
    return wait(0);
  }

  /** Returns how many descriptors are ready, once one is, or somebody wakes this. */
  int sleep() {
    return wait(-1);
  }

  private int wait(int millis) {
    int ready = Libc.epollWait(waitErrno, fd, events.address(), MAX_EVENTS, millis);
    if (ready < 0 && ready != -Abi.EINTR) {
      throw new IllegalStateException("epoll_wait failed with errno " + -ready);
    }
    return ready;
  }

  /** Returns which watch an event is for; negative if it only woke the loop. */
  int slot(int index) {
    long offset = (long) index * Abi.EpollEvent.SIZE + Abi.EpollEvent.DATA;
    return (int) events.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
  }

  int events(int index) {
    return events.get(ValueLayout.JAVA_INT, (long) index * Abi.EpollEvent.SIZE);
  }

  /** Under the caller's lock, which {@link #close} is under too. */
  void wake() {
    Libc.write(wakeErrno, wakeFd, one.address(), 8);
  }

  void close() {
    FfmFd.close(wakeFd);
    FfmFd.close(fd);
    arena.close();
  }
}

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Waits for a socket as a library has to: beside it is an eventfd, with which others could end the
 * wait.
 */
final class Waits {
  private static final int ADD = 1;
  private static final int MODIFY = 3;
  private static final int MOST_EVENTS = 64;
  private static final short IN = 1;
  private static final short OUT = 4;
  private static final int POLLFD = 8;

  private final int fd;
  private final boolean polls;
  private final MemorySegment fds = Kernel.MEMORY.allocate(2 * POLLFD, 8);
  private final MemorySegment events = Kernel.MEMORY.allocate(16 * MOST_EVENTS, 8);
  private int epoll = -1;
  private int asked = IN;

  Waits(int fd, boolean polls) throws Throwable {
    this.fd = fd;
    this.polls = polls;
    int eventfd = Kernel.eventfd(Bare.CLOEXEC | Bare.NONBLOCK);
    fds.set(ValueLayout.JAVA_INT, 0, fd);
    fds.set(ValueLayout.JAVA_INT, POLLFD, eventfd);
    fds.set(ValueLayout.JAVA_SHORT, POLLFD + 4, IN);
    if (!polls) {
      epoll = Kernel.epoll();
      ask(ADD, fd, IN);
      ask(ADD, eventfd, IN);
    }
  }

  private void ask(int operation, int which, int wanted) throws Throwable {
    events.set(ValueLayout.JAVA_INT, 0, wanted);
    Kernel.control(epoll, operation, which, events);
  }

  void awaitMessage() throws Throwable {
    await(IN);
  }

  void awaitRoom() throws Throwable {
    await(OUT);
  }

  /** By level: what is asked for stays asked for. */
  private void await(short event) throws Throwable {
    if (polls) {
      fds.set(ValueLayout.JAVA_SHORT, 4, event);
      Kernel.poll(fds, 2);
      return;
    }
    if (asked != event) {
      ask(MODIFY, fd, event);
      asked = event;
    }
    Kernel.await(epoll, events, MOST_EVENTS);
  }
}

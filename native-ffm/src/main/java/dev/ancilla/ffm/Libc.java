package dev.ancilla.ffm;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * The calls of the C library on sockets and what waits for them; {@link LibcFiles} has the others.
 * Each returns what the manual page says, or the negative errno, as the kernel itself does.
 *
 * <p>Every argument and result goes as a 64-bit word. The calling conventions of x86-64 and aarch64
 * pass an {@code int} in the low half of such a word and ignore the rest; the result's high half is
 * cut off here where the C type is {@code int}. That leaves a handful of signatures, and the JVM
 * spins one adapter for each: it starts faster by some 100 ms.
 *
 * <p>Addresses are numbers, whose memory the caller keeps alive: by its lock, see the package.
 */
final class Libc {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
  private static final long ERRNO_OFFSET =
      Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle SOCKET = find("socket", 3);
  private static final MethodHandle SOCKETPAIR = find("socketpair", 4);
  private static final MethodHandle BIND = find("bind", 3);
  private static final MethodHandle CONNECT = find("connect", 3);
  private static final MethodHandle GETSOCKNAME = find("getsockname", 3);
  private static final MethodHandle GETPEERNAME = find("getpeername", 3);
  private static final MethodHandle GETSOCKOPT = find("getsockopt", 5);
  private static final MethodHandle SETSOCKOPT = find("setsockopt", 5);
  private static final MethodHandle SENDTO = find("sendto", 6);
  private static final MethodHandle SENDMSG = find("sendmsg", 3);
  private static final MethodHandle SENDMSG_OF = holding("sendmsg", 3);
  private static final MethodHandle SENDMMSG = find("sendmmsg", 4);
  private static final MethodHandle RECVMSG = find("recvmsg", 3);
  private static final MethodHandle RECVMSG_INTO = holding("recvmsg", 3);
  private static final MethodHandle RECVMMSG = find("recvmmsg", 5);
  private static final MethodHandle EPOLL_CREATE1 = find("epoll_create1", 1);
  private static final MethodHandle EPOLL_CTL = find("epoll_ctl", 4);
  private static final MethodHandle EPOLL_WAIT = find("epoll_wait", 4);
  private static final MethodHandle EVENTFD = find("eventfd", 2);
  private static final MethodHandle POLL = find("poll", 3);
  private static final MethodHandle CLOSE = link("close", 1);
  private static final MethodHandle READ = find("read", 3);
  private static final MethodHandle WRITE = find("write", 3);

  /** Calls that programs without connections do not make are linked when the first one is made. */
  private static final class Connections {
    static final MethodHandle LISTEN = find("listen", 2);
    static final MethodHandle ACCEPT4 = find("accept4", 4);
    static final MethodHandle SHUTDOWN = find("shutdown", 2);

    private Connections() {}
  }

  private Libc() {}

  static MethodHandle find(String name, int words) {
    return link(name, words, ERRNO);
  }

  static MethodHandle variadic(String name, int words, int fixed) {
    return link(name, words, ERRNO, Linker.Option.firstVariadicArg(fixed));
  }

  /**
   * A call that reads or writes memory of the program's, to which one of its arguments leads. Such
   * memory may be of an arena that another thread closes: so the segment is one argument more, in a
   * register that the function does not look at, and is held for the time of the call.
   */
  private static MethodHandle holding(String name, int words) {
    MemoryLayout[] arguments = words(words + 1);
    arguments[words] = ValueLayout.ADDRESS;
    return link(name, arguments, ERRNO);
  }

  private static MemoryLayout[] words(int count) {
    MemoryLayout[] words = new MemoryLayout[count];
    Arrays.fill(words, ValueLayout.JAVA_LONG);
    return words;
  }

  private static MethodHandle link(String name, int words, Linker.Option... options) {
    return link(name, words(words), options);
  }

  private static MethodHandle link(
      String name, MemoryLayout[] arguments, Linker.Option... options) {
    MemorySegment symbol =
        LINKER
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
    return LINKER.downcallHandle(
        symbol, FunctionDescriptor.of(ValueLayout.JAVA_LONG, arguments), options);
  }

  /** Where a call leaves its errno; in the arena of whoever makes the calls, one call at a time. */
  static MemorySegment newErrno(Arena arena) {
    return arena.allocate(Linker.Option.captureStateLayout());
  }

  static int told(MemorySegment errno, long result) {
    int value = (int) result;
    return value == -1 ? -errno.get(ValueLayout.JAVA_INT, ERRNO_OFFSET) : value;
  }

  static long toldLong(MemorySegment errno, long result) {
    return result == -1 ? -errno.get(ValueLayout.JAVA_INT, ERRNO_OFFSET) : result;
  }

  static AssertionError never(Throwable impossible) {
    return new AssertionError("a native call does not throw", impossible);
  }

  static int socket(MemorySegment errno, int domain, int type, int protocol) {
    try {
      return told(
          errno, (long) SOCKET.invokeExact(errno, (long) domain, (long) type, (long) protocol));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int socketpair(MemorySegment errno, int domain, int type, int protocol, long pair) {
    try {
      return told(
          errno,
          (long) SOCKETPAIR.invokeExact(errno, (long) domain, (long) type, (long) protocol, pair));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int bind(MemorySegment errno, int fd, long name, int length) {
    try {
      return told(errno, (long) BIND.invokeExact(errno, (long) fd, name, (long) length));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int connect(MemorySegment errno, int fd, long name, int length) {
    try {
      return told(errno, (long) CONNECT.invokeExact(errno, (long) fd, name, (long) length));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int getsockname(MemorySegment errno, int fd, long name, long length) {
    try {
      return told(errno, (long) GETSOCKNAME.invokeExact(errno, (long) fd, name, length));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int getpeername(MemorySegment errno, int fd, long name, long length) {
    try {
      return told(errno, (long) GETPEERNAME.invokeExact(errno, (long) fd, name, length));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int getsockopt(
      MemorySegment errno, int fd, int level, int option, long value, long length) {
    try {
      return told(
          errno,
          (long)
              GETSOCKOPT.invokeExact(errno, (long) fd, (long) level, (long) option, value, length));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int setsockopt(
      MemorySegment errno, int fd, int level, int option, long value, int length) {
    try {
      return told(
          errno,
          (long)
              SETSOCKOPT.invokeExact(
                  errno, (long) fd, (long) level, (long) option, value, (long) length));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int sendto(
      MemorySegment errno, int fd, long bytes, int count, int flags, long name, int length) {
    try {
      return told(
          errno,
          (long)
              SENDTO.invokeExact(
                  errno, (long) fd, bytes, (long) count, (long) flags, name, (long) length));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int sendmsg(MemorySegment errno, int fd, long header, int flags) {
    try {
      return told(errno, (long) SENDMSG.invokeExact(errno, (long) fd, header, (long) flags));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  /** As {@link #sendmsg(MemorySegment, int, long, int)}, of bytes in a segment of the program's. */
  static int sendmsg(MemorySegment errno, int fd, long header, int flags, MemorySegment bytes) {
    try {
      return told(
          errno, (long) SENDMSG_OF.invokeExact(errno, (long) fd, header, (long) flags, bytes));
    } catch (RuntimeException e) {
      throw e; // The segment is of a closed arena, or of another thread's.
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int sendmmsg(MemorySegment errno, int fd, long headers, int count, int flags) {
    try {
      return told(
          errno,
          (long) SENDMMSG.invokeExact(errno, (long) fd, headers, (long) count, (long) flags));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int recvmsg(MemorySegment errno, int fd, long header, int flags) {
    try {
      return told(errno, (long) RECVMSG.invokeExact(errno, (long) fd, header, (long) flags));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  /** As {@link #recvmsg(MemorySegment, int, long, int)}, into a segment of the program's. */
  static int recvmsg(MemorySegment errno, int fd, long header, int flags, MemorySegment bytes) {
    try {
      return told(
          errno, (long) RECVMSG_INTO.invokeExact(errno, (long) fd, header, (long) flags, bytes));
    } catch (RuntimeException e) {
      throw e; // The segment is of a closed arena, or of another thread's.
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int recvmmsg(MemorySegment errno, int fd, long headers, int count, int flags) {
    try {
      return told(
          errno,
          (long) RECVMMSG.invokeExact(errno, (long) fd, headers, (long) count, (long) flags, 0L));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int epollCreate1(MemorySegment errno, int flags) {
    try {
      return told(errno, (long) EPOLL_CREATE1.invokeExact(errno, (long) flags));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int epollCtl(MemorySegment errno, int epoll, int operation, int fd, long event) {
    try {
      return told(
          errno,
          (long) EPOLL_CTL.invokeExact(errno, (long) epoll, (long) operation, (long) fd, event));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int epollWait(MemorySegment errno, int epoll, long events, int max, int millis) {
    try {
      return told(
          errno,
          (long) EPOLL_WAIT.invokeExact(errno, (long) epoll, events, (long) max, (long) millis));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int eventfd(MemorySegment errno, int initial, int flags) {
    try {
      return told(errno, (long) EVENTFD.invokeExact(errno, (long) initial, (long) flags));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int poll(MemorySegment errno, long fds, int count, int millis) {
    try {
      return told(errno, (long) POLL.invokeExact(errno, fds, (long) count, (long) millis));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  /** What it returns tells nothing: Linux has closed the number, also after EINTR (close(2)). */
  static void close(int fd) {
    try {
      long ignored = (long) CLOSE.invokeExact((long) fd);
    } catch (Throwable e) {
      throw never(e);
    }
  }

  static long read(MemorySegment errno, int fd, long bytes, long count) {
    try {
      return toldLong(errno, (long) READ.invokeExact(errno, (long) fd, bytes, count));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static long write(MemorySegment errno, int fd, long bytes, long count) {
    try {
      return toldLong(errno, (long) WRITE.invokeExact(errno, (long) fd, bytes, count));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int listen(MemorySegment errno, int fd, int backlog) {
    try {
      return told(errno, (long) Connections.LISTEN.invokeExact(errno, (long) fd, (long) backlog));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  /** Without the peer's address. */
  static int accept4(MemorySegment errno, int fd, int flags) {
    try {
      return told(
          errno, (long) Connections.ACCEPT4.invokeExact(errno, (long) fd, 0L, 0L, (long) flags));
    } catch (Throwable t) {
      throw never(t);
    }
  }

  static int shutdown(MemorySegment errno, int fd, int how) {
    try {
      return told(errno, (long) Connections.SHUTDOWN.invokeExact(errno, (long) fd, (long) how));
    } catch (Throwable t) {
      throw never(t);
    }
  }
}

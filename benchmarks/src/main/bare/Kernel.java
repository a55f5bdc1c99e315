import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The system calls, as libc has them. Numbers go as {@code long}: each is in a register, of which
 * the callee looks at as much as it declares.
 */
final class Kernel {
  static final int EINTR = 4;
  static final int EAGAIN = 11;

  /** Memory for as long as the process lives. */
  static final Arena MEMORY = Arena.global();

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MemorySegment CAPTURED = MEMORY.allocate(STATE);

  private static final MethodHandle SOCKET = libc("socket", 3);
  private static final MethodHandle BIND = libc("bind", 3);
  private static final MethodHandle CONNECT = libc("connect", 3);
  private static final MethodHandle LISTEN = libc("listen", 2);
  private static final MethodHandle ACCEPT = libc("accept4", 4);
  private static final MethodHandle SETSOCKOPT = libc("setsockopt", 5);
  private static final MethodHandle SENDTO = libc("sendto", 6);
  private static final MethodHandle RECVMSG = libc("recvmsg", 3);
  private static final MethodHandle SENDMMSG = libc("sendmmsg", 4);
  private static final MethodHandle RECVMMSG = libc("recvmmsg", 5);
  private static final MethodHandle EVENTFD = libc("eventfd", 2);
  private static final MethodHandle POLL = libc("poll", 3);
  private static final MethodHandle EPOLL_CREATE = libc("epoll_create1", 1);
  private static final MethodHandle EPOLL_CTL = libc("epoll_ctl", 4);
  private static final MethodHandle EPOLL_WAIT = libc("epoll_wait", 4);

  private Kernel() {}

  private static MethodHandle libc(String name, int arguments) {
    MemoryLayout[] numbers = new MemoryLayout[arguments];
    Arrays.fill(numbers, ValueLayout.JAVA_LONG);
    return LINKER.downcallHandle(
        LINKER.defaultLookup().find(name).orElseThrow(),
        FunctionDescriptor.of(ValueLayout.JAVA_LONG, numbers),
        Linker.Option.captureCallState("errno"));
  }

  /** Returns what a call did: -1 where it would block or was interrupted; other failures end it. */
  private static int done(String name, long result) {
    int number = (int) result;
    if (number < 0) {
      int errno = (int) ERRNO.get(CAPTURED, 0L);
      if (errno != EAGAIN && errno != EINTR) {
        throw new IllegalStateException(name + ": errno " + errno);
      }
    }
    return number;
  }

  static int socket(int domain, int type) throws Throwable {
    return done("socket", (long) SOCKET.invokeExact(CAPTURED, (long) domain, (long) type, 0L));
  }

  static void bind(int fd, MemorySegment name) throws Throwable {
    long size = name.byteSize();
    done("bind", (long) BIND.invokeExact(CAPTURED, (long) fd, name.address(), size));
  }

  static void connect(int fd, MemorySegment name) throws Throwable {
    long size = name.byteSize();
    done("connect", (long) CONNECT.invokeExact(CAPTURED, (long) fd, name.address(), size));
  }

  static void listen(int fd) throws Throwable {
    done("listen", (long) LISTEN.invokeExact(CAPTURED, (long) fd, 1L));
  }

  static int accept(int fd, int flags) throws Throwable {
    return done("accept", (long) ACCEPT.invokeExact(CAPTURED, (long) fd, 0L, 0L, (long) flags));
  }

  static void setOption(int fd, int level, int option, MemorySegment value) throws Throwable {
    long size = value.byteSize();
    long at = value.address();
    long result =
        (long) SETSOCKOPT.invokeExact(CAPTURED, (long) fd, (long) level, (long) option, at, size);
    done("setsockopt", result);
  }

  static int send(int fd, long at, int size, int flags) throws Throwable {
    long result =
        (long) SENDTO.invokeExact(CAPTURED, (long) fd, at, (long) size, (long) flags, 0L, 0L);
    return done("sendto", result);
  }

  static int receive(int fd, long header, int flags) throws Throwable {
    return done("recvmsg", (long) RECVMSG.invokeExact(CAPTURED, (long) fd, header, (long) flags));
  }

  static int sendMany(int fd, long headers, int count, int flags) throws Throwable {
    long result =
        (long) SENDMMSG.invokeExact(CAPTURED, (long) fd, headers, (long) count, (long) flags);
    return done("sendmmsg", result);
  }

  static int receiveMany(int fd, long headers, int count, int flags) throws Throwable {
    long result =
        (long) RECVMMSG.invokeExact(CAPTURED, (long) fd, headers, (long) count, (long) flags, 0L);
    return done("recvmmsg", result);
  }

  static int eventfd(int flags) throws Throwable {
    return done("eventfd", (long) EVENTFD.invokeExact(CAPTURED, 0L, (long) flags));
  }

  static void poll(MemorySegment fds, int count) throws Throwable {
    done("poll", (long) POLL.invokeExact(CAPTURED, fds.address(), (long) count, -1L));
  }

  static int epoll() throws Throwable {
    return done("epoll_create1", (long) EPOLL_CREATE.invokeExact(CAPTURED, (long) Bare.CLOEXEC));
  }

  static void control(int epoll, int operation, int fd, MemorySegment event) throws Throwable {
    long at = event.address();
    long result =
        (long) EPOLL_CTL.invokeExact(CAPTURED, (long) epoll, (long) operation, (long) fd, at);
    done("epoll_ctl", result);
  }

  static void await(int epoll, MemorySegment events, int most) throws Throwable {
    long at = events.address();
    done("epoll_wait", (long) EPOLL_WAIT.invokeExact(CAPTURED, (long) epoll, at, (long) most, -1L));
  }
}

package dev.ancilla.ffm;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The calls of the C library on files, memory and the process, as those of {@link Libc}. Many
 * programs make none of them, so they are linked when the first one is made.
 */
final class LibcFiles {
  private static final MethodHandle FCNTL = Libc.variadic("fcntl", 3, 2);
  private static final MethodHandle FCHMOD = Libc.find("fchmod", 2);
  private static final MethodHandle OPEN = Libc.variadic("open", 3, 2);
  private static final MethodHandle PIPE2 = Libc.find("pipe2", 2);
  private static final MethodHandle MEMFD_CREATE = Libc.find("memfd_create", 2);
  private static final MethodHandle LSEEK = Libc.find("lseek", 3);
  private static final MethodHandle STATX = Libc.find("statx", 5);
  private static final MethodHandle FTRUNCATE = Libc.find("ftruncate", 2);
  private static final MethodHandle MMAP = Libc.find("mmap", 6);
  private static final MethodHandle MUNMAP = Libc.find("munmap", 2);
  private static final MethodHandle ACCESS = Libc.find("access", 2);
  private static final MethodHandle DUP2 = Libc.find("dup2", 2);
  private static final MethodHandle SIGPROCMASK = Libc.find("sigprocmask", 3);
  private static final MethodHandle EXECVE = Libc.find("execve", 3);

  private LibcFiles() {}

  static int fcntl(MemorySegment errno, int fd, int command, int argument) {
    try {
      return Libc.told(
          errno, (long) FCNTL.invokeExact(errno, (long) fd, (long) command, (long) argument));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  static int fchmod(MemorySegment errno, int fd, int mode) {
    try {
      return Libc.told(errno, (long) FCHMOD.invokeExact(errno, (long) fd, (long) mode));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  static int open(MemorySegment errno, long path, int flags, int mode) {
    try {
      return Libc.told(errno, (long) OPEN.invokeExact(errno, path, (long) flags, (long) mode));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  static int pipe2(MemorySegment errno, long pair, int flags) {
    try {
      return Libc.told(errno, (long) PIPE2.invokeExact(errno, pair, (long) flags));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  static int memfdCreate(MemorySegment errno, long name, int flags) {
    try {
      return Libc.told(errno, (long) MEMFD_CREATE.invokeExact(errno, name, (long) flags));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  static long lseek(MemorySegment errno, int fd, long offset, int whence) {
    try {
      return Libc.toldLong(
          errno, (long) LSEEK.invokeExact(errno, (long) fd, offset, (long) whence));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  /** Asks about the descriptor itself: the path is empty. */
  static int statx(MemorySegment errno, int fd, long emptyPath, int mask, long result) {
    try {
      return Libc.told(
          errno,
          (long)
              STATX.invokeExact(
                  errno, (long) fd, emptyPath, (long) Abi.AT_EMPTY_PATH, (long) mask, result));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  static int ftruncate(MemorySegment errno, int fd, long size) {
    try {
      return Libc.told(errno, (long) FTRUNCATE.invokeExact(errno, (long) fd, size));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  /** Maps private memory that no file is behind and no swap is reserved for. */
  static long mmap(MemorySegment errno, long size) {
    try {
      return Libc.toldLong(
          errno,
          (long)
              MMAP.invokeExact(
                  errno,
                  0L,
                  size,
                  (long) Abi.PROT_READ_WRITE,
                  (long) (Abi.MAP_PRIVATE | Abi.MAP_ANONYMOUS | Abi.MAP_NORESERVE),
                  -1L,
                  0L));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  static int munmap(MemorySegment errno, long address, long size) {
    try {
      return Libc.told(errno, (long) MUNMAP.invokeExact(errno, address, size));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  static int access(MemorySegment errno, long path, int mode) {
    try {
      return Libc.told(errno, (long) ACCESS.invokeExact(errno, path, (long) mode));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  static int dup2(MemorySegment errno, int fd, int number) {
    try {
      return Libc.told(errno, (long) DUP2.invokeExact(errno, (long) fd, (long) number));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  /** Of the calling thread. */
  static int sigprocmask(MemorySegment errno, int how, long set, long old) {
    try {
      return Libc.told(errno, (long) SIGPROCMASK.invokeExact(errno, (long) how, set, old));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }

  /** Returns only if it fails. */
  static int execve(MemorySegment errno, long program, long arguments, long environment) {
    try {
      return Libc.told(errno, (long) EXECVE.invokeExact(errno, program, arguments, environment));
    } catch (Throwable t) {
      throw Libc.never(t);
    }
  }
}

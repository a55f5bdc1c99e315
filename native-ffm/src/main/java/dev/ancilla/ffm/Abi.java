package dev.ancilla.ffm;

/**
 * Constants and layouts of Linux, as a C compiler lays them out on 64-bit machines, each with the
 * header that it comes from. They are the same on x86-64 and aarch64, but for those of {@link
 * Machine}.
 */
final class Abi {
  private static final Machine MACHINE = Machine.of(System.getProperty("os.arch"));

  /**
   * What differs between the machines.
   *
   * @param epollEventData the offset of data in {@code struct epoll_event}
   * @param epollEventSize the size of {@code struct epoll_event}
   * @param noFollow O_NOFOLLOW
   */
  record Machine(int epollEventData, int epollEventSize, int noFollow) {
    /** Everything but x86-64 counts as aarch64, for there is no provider elsewhere. */
    static Machine of(String arch) {
      return arch.equals("amd64") ? new Machine(4, 12, 0400000) : new Machine(8, 16, 0100000);
    }
  }

  // bits/socket.h, bits/socket_type.h
  static final int AF_UNSPEC = 0;
  static final int AF_UNIX = 1;
  static final int SOCK_DGRAM = 2;
  static final int SOCK_CLOEXEC = 02000000;
  static final int MSG_CTRUNC = 0x8;
  static final int MSG_TRUNC = 0x20;
  static final int MSG_DONTWAIT = 0x40;
  static final int MSG_NOSIGNAL = 0x4000;
  static final int MSG_CMSG_CLOEXEC = 0x40000000;

  // asm-generic/socket.h
  static final int SOL_SOCKET = 1;
  static final int SO_TYPE = 3;
  static final int SO_SNDBUF = 7;
  static final int SO_RCVBUF = 8;
  static final int SO_PASSCRED = 16;
  static final int SO_TIMESTAMPNS = 35; // SO_TIMESTAMPNS_OLD, whose time is 64 bits wide here
  static final int SO_DOMAIN = 39;
  static final int SO_PASSPIDFD = 76;

  // linux/socket.h
  static final int SCM_RIGHTS = 1;
  static final int SCM_CREDENTIALS = 2;
  static final int SCM_PIDFD = 4;
  static final int SCM_TIMESTAMPNS = SO_TIMESTAMPNS;
  static final int SCM_MAX_FD = 253; // net/scm.h

  /** {@code struct sockaddr_un}, linux/un.h: the family, then 108 bytes of the name. */
  static final class SockaddrUn {
    static final int PATH = 2;
    static final int SIZE = 110;

    private SockaddrUn() {}
  }

  /** {@code struct iovec}, bits/types/struct_iovec.h. */
  static final class Iovec {
    static final int BASE = 0;
    static final int LEN = 8;
    static final int SIZE = 16;

    private Iovec() {}
  }

  /** {@code struct msghdr}, bits/socket.h. */
  static final class Msghdr {
    static final int NAME = 0;
    static final int NAMELEN = 8;
    static final int IOV = 16;
    static final int IOVLEN = 24;
    static final int CONTROL = 32;
    static final int CONTROLLEN = 40;
    static final int FLAGS = 48;
    static final int SIZE = 56;

    private Msghdr() {}
  }

  /** {@code struct mmsghdr}, bits/socket.h: a msghdr and the number of bytes. */
  static final class Mmsghdr {
    static final int LEN = Msghdr.SIZE;
    static final int SIZE = 64;

    private Mmsghdr() {}
  }

  /** {@code struct cmsghdr}, bits/socket.h; the data follow, aligned to 8 bytes (cmsg(3)). */
  static final class Cmsghdr {
    static final int LEN = 0;
    static final int LEVEL = 8;
    static final int TYPE = 12;
    static final int SIZE = 16;

    private Cmsghdr() {}

    /** CMSG_SPACE of cmsg(3). */
    static int space(int bytes) {
      return SIZE + align(bytes);
    }

    /** CMSG_ALIGN of cmsg(3). */
    static int align(int bytes) {
      return (bytes + 7) & ~7;
    }
  }

  /** {@code struct ucred}, bits/socket.h. */
  static final class Ucred {
    static final int PID = 0;
    static final int UID = 4;
    static final int GID = 8;
    static final int SIZE = 12;

    private Ucred() {}
  }

  /** {@code struct timespec}, bits/types/struct_timespec.h. */
  static final class Timespec {
    static final int SEC = 0;
    static final int NSEC = 8;
    static final int SIZE = 16;

    private Timespec() {}
  }

  /** {@code struct epoll_event}, linux/eventpoll.h: packed on x86-64 only. */
  static final class EpollEvent {
    static final int EVENTS = 0;
    static final int DATA = MACHINE.epollEventData();
    static final int SIZE = MACHINE.epollEventSize();

    private EpollEvent() {}
  }

  /** {@code struct pollfd}, poll.h. */
  static final class Pollfd {
    static final int FD = 0;
    static final int EVENTS = 4;
    static final int REVENTS = 6;
    static final int SIZE = 8;

    private Pollfd() {}
  }

  // linux/eventpoll.h
  static final int EPOLL_CLOEXEC = 02000000;
  static final int EPOLL_CTL_ADD = 1;
  static final int EPOLL_CTL_DEL = 2;
  static final int EPOLL_CTL_MOD = 3;
  static final int EPOLLIN = 0x1;
  static final int EPOLLOUT = 0x4;
  static final int EPOLLERR = 0x8;
  static final int EPOLLHUP = 0x10;
  static final int EPOLLONESHOT = 1 << 30;
  static final int EPOLLET = 1 << 31;

  // bits/poll.h
  static final short POLLIN = 0x1;
  static final short POLLOUT = 0x4;

  // sys/eventfd.h
  static final int EFD_CLOEXEC = 02000000;
  static final int EFD_NONBLOCK = 04000;

  // bits/fcntl-linux.h, asm/fcntl.h
  static final int O_RDONLY = 0;
  static final int O_WRONLY = 1;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0100;
  static final int O_EXCL = 0200;
  static final int O_TRUNC = 01000;
  static final int O_APPEND = 02000;
  static final int O_DSYNC = 010000;
  static final int O_SYNC = 04010000;
  static final int O_NOFOLLOW = MACHINE.noFollow(); // arch/arm64 has its own fcntl.h
  static final int O_CLOEXEC = 02000000;
  static final int F_GETFD = 1;
  static final int F_DUPFD_CLOEXEC = 1030;

  // linux/stat.h
  static final int S_IFMT = 0170000;
  static final int S_IFREG = 0100000;
  static final int STATX_TYPE_SIZE = 0x1 | 0x200;
  static final int AT_EMPTY_PATH = 0x1000; // linux/fcntl.h

  /** {@code struct statx}, linux/stat.h. */
  static final class Statx {
    static final int STX_MODE = 28;
    static final int STX_SIZE = 40;
    static final int SIZE = 256;

    private Statx() {}
  }

  // linux/memfd.h
  static final int MFD_CLOEXEC = 1;

  // unistd.h
  static final int SEEK_SET = 0;
  static final int SEEK_CUR = 1;
  static final int SEEK_END = 2;

  // bits/mman-linux.h
  static final int PROT_READ_WRITE = 0x1 | 0x2;
  static final int MAP_PRIVATE = 0x2;
  static final int MAP_ANONYMOUS = 0x20;
  static final int MAP_NORESERVE = 0x4000;

  // asm-generic/errno-base.h
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int EEXIST = 17;
  static final int ESPIPE = 29;

  private Abi() {}
}

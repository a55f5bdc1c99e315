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
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  static final int SOCK_STREAM = 1;
  static final int SOCK_DGRAM = 2;
  static final int SOCK_SEQPACKET = 5;
  static final int SOCK_NONBLOCK = 04000;
  static final int SOCK_CLOEXEC = 02000000;
  static final int MSG_CTRUNC = 0x8;
  static final int MSG_TRUNC = 0x20;
  static final int MSG_DONTWAIT = 0x40;
  static final int MSG_NOSIGNAL = 0x4000;
  static final int MSG_CMSG_CLOEXEC = 0x40000000;

  // asm-generic/socket.h
  static final int SOL_SOCKET = 1;
  static final int SO_REUSEADDR = 2;
  static final int SO_TYPE = 3;
  static final int SO_BROADCAST = 6;
  static final int SO_SNDBUF = 7;
  static final int SO_RCVBUF = 8;
  static final int SO_REUSEPORT = 15;
  static final int SO_PASSCRED = 16;
  static final int SO_PASSSEC = 34;
  static final int SO_TIMESTAMP = 29; // SO_TIMESTAMP_OLD
  static final int SO_PEERCRED = 17;
  static final int SO_ACCEPTCONN = 30;
  static final int SO_TIMESTAMPNS = 35; // SO_TIMESTAMPNS_OLD, whose time is 64 bits wide here
  static final int SO_PROTOCOL = 38;
  static final int SO_DOMAIN = 39;
  static final int SO_PASSPIDFD = 76;
  static final int SO_PEERPIDFD = 77;

  // sys/socket.h
  static final int SHUT_RD = 0;
  static final int SHUT_WR = 1;

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

  // netinet/in.h
  static final int IPPROTO_IP = 0;
  static final int IPPROTO_UDP = 17;
  static final int IPPROTO_IPV6 = 41;

  // linux/udp.h
  static final int UDP_SEGMENT = 103;
  static final int UDP_GRO = 104;

  // bits/in.h
  static final int IP_TOS = 1;
  static final int IP_TTL = 2;
  static final int IP_PKTINFO = 8;
  static final int IP_RECVTTL = 12;
  static final int IP_RECVTOS = 13;
  static final int IP_MULTICAST_IF = 32;
  static final int IP_MULTICAST_TTL = 33;
  static final int IP_MULTICAST_LOOP = 34;
  static final int IP_MULTICAST_ALL = 49;
  static final int MCAST_JOIN_GROUP = 42;
  static final int MCAST_LEAVE_GROUP = 45;
  static final int MCAST_JOIN_SOURCE_GROUP = 46;
  static final int MCAST_LEAVE_SOURCE_GROUP = 47;
  static final int IPV6_UNICAST_HOPS = 16;
  static final int IPV6_MULTICAST_IF = 17;
  static final int IPV6_MULTICAST_HOPS = 18;
  static final int IPV6_MULTICAST_LOOP = 19;
  static final int IPV6_V6ONLY = 26;
  static final int IPV6_MULTICAST_ALL = 29; // linux/in6.h
  static final int IPV6_RECVPKTINFO = 49;
  static final int IPV6_PKTINFO = 50;
  static final int IPV6_RECVHOPLIMIT = 51;
  static final int IPV6_HOPLIMIT = 52;
  static final int IPV6_RECVTCLASS = 66;
  static final int IPV6_TCLASS = 67;

  /** {@code struct sockaddr_in}, netinet/in.h: port and address in the order of the network. */
  static final class SockaddrIn {
    static final int PORT = 2;
    static final int ADDR = 4;
    static final int SIZE = 16;

    private SockaddrIn() {}
  }

  /** {@code struct sockaddr_in6}, netinet/in.h: the scope in the order of the machine. */
  static final class SockaddrIn6 {
    static final int PORT = 2;
    static final int FLOWINFO = 4;
    static final int ADDR = 8;
    static final int SCOPE_ID = 24;
    static final int SIZE = 28;

    private SockaddrIn6() {}
  }

  /** {@code struct in_pktinfo}, bits/in.h. */
  static final class InPktinfo {
    static final int IFINDEX = 0;
    static final int SPEC_DST = 4;
    static final int ADDR = 8;
    static final int SIZE = 12;

    private InPktinfo() {}
  }

  /** {@code struct in6_pktinfo}, netinet/in.h. */
  static final class In6Pktinfo {
    static final int ADDR = 0;
    static final int IFINDEX = 16;
    static final int SIZE = 20;

    private In6Pktinfo() {}
  }

  /** {@code struct ip_mreqn}, bits/in.h. */
  static final class IpMreqn {
    static final int MULTIADDR = 0;
    static final int ADDRESS = 4;
    static final int IFINDEX = 8;
    static final int SIZE = 12;

    private IpMreqn() {}
  }

  /** {@code struct group_req}, netinet/in.h. */
  static final class GroupReq {
    static final int INTERFACE = 0;
    static final int GROUP = 8;
    static final int SIZE = 136;

    private GroupReq() {}
  }

  /** {@code struct group_source_req}, netinet/in.h. */
  static final class GroupSourceReq {
    static final int INTERFACE = 0;
    static final int GROUP = 8;
    static final int SOURCE = 136;
    static final int SIZE = 264;

    private GroupSourceReq() {}
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
  static final int O_NONBLOCK = 04000;
  static final int F_GETFD = 1;
  static final int F_SETFD = 2;
  static final int FD_CLOEXEC = 1;
  static final int F_GETFL = 3;
  static final int F_SETFL = 4;
  static final int F_DUPFD_CLOEXEC = 1030;

  // bits/signum-generic.h, bits/sigaction.h, bits/types/__sigset_t.h
  static final int SIGQUIT = 3;
  static final int SIG_UNBLOCK = 1;
  static final int SIG_SETMASK = 2;
  static final int SIGSET_SIZE = 128;

  // unistd.h
  static final int X_OK = 1;

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
  static final int EIO = 5;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int EEXIST = 17;
  static final int EINVAL = 22;
  static final int ESPIPE = 29;

  // asm-generic/errno.h
  static final int EMSGSIZE = 90;
  static final int EAFNOSUPPORT = 97;
  static final int ENETUNREACH = 101;
  static final int ENOTCONN = 107;

  private Abi() {}
}

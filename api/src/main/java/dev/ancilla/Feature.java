package dev.ancilla;

/**
 * Names what a kind of socket can do on one provider and platform.
 *
 * <p>A provider declares the features it really has. Asking for another one throws {@link
 * UnsupportedFeatureException} before any system call.
 */
public enum Feature {
  /** Descriptors can ride beside a message ({@code SCM_RIGHTS}, {@code unix(7)}). */
  FD_PASSING("ancilla-native-junix or ancilla-native-ffm"),

  /**
   * All 253 descriptors that Linux allows in one message can be received ({@code SCM_MAX_FD}).
   * Without it at most 60 can.
   */
  MANY_DESCRIPTORS(
      "ancilla-native-ffm, or ancilla-native-junix on the class path or with --add-opens"
          + " org.newsclub.net.unix/org.newsclub.net.unix=dev.ancilla.junix"),

  /** A received descriptor is close-on-exec from its first moment ({@code MSG_CMSG_CLOEXEC}). */
  CLOEXEC_ON_RECEIPT("ancilla-native-ffm"),

  /** A message tells when descriptors were discarded ({@code MSG_CTRUNC}). */
  ANCILLARY_TRUNCATION("ancilla-native-ffm"),

  /** Each message tells the pid, uid and gid of its sender ({@code SO_PASSCRED}). */
  MESSAGE_CREDENTIALS("ancilla-native-ffm"),

  /** Each message can bring a descriptor of its sender's process ({@code SO_PASSPIDFD}). */
  MESSAGE_PIDFDS("ancilla-native-ffm, on Linux 6.5 or newer"),

  /** A connection can open a descriptor of its peer's process ({@code SO_PEERPIDFD}). */
  PEER_PIDFD("ancilla-native-ffm, on Linux 6.5 or newer"),

  /** Each message can tell when the kernel took it ({@code SO_TIMESTAMPNS}). */
  TIMESTAMPS("ancilla-native-ffm"),

  /** The mode of a socket file is set before its name becomes visible. */
  ATOMIC_MODE("ancilla-native-ffm"),

  /** Names without a file ({@code unix(7)}, abstract sockets). */
  ABSTRACT_NAMES("ancilla-native-junix or ancilla-native-ffm, on Linux"),

  /** A connected datagram socket can be disconnected and keeps its name. */
  DISCONNECT(
      "ancilla-native-ffm, or ancilla-native-junix on the class path or with --add-opens"
          + " org.newsclub.net.unix/org.newsclub.net.unix=dev.ancilla.junix"),

  /** A connected socket can send an empty datagram to its peer. */
  EMPTY_TO_PEER("ancilla-native-junix or ancilla-native-ffm, not in the JDK's UDP"),

  /** A descriptor that was opened elsewhere can become a socket here. */
  ADOPT("ancilla-native-junix or ancilla-native-ffm"),

  /**
   * The descriptor of a server can be duplicated ({@link Server#duplicate()}), to be handed to
   * another process.
   */
  EXPORT("ancilla-native-junix or ancilla-native-ffm"),

  /**
   * The TTL or hop limit of messages to one receiver can be set ({@code IP_TTL}, {@code ip(7)}).
   */
  UNICAST_TTL("ancilla-native-ffm"),

  /** An IPv6 socket can leave the IPv4 port to others ({@code IPV6_V6ONLY}, {@code ipv6(7)}). */
  IPV6_ONLY("ancilla-native-ffm"),

  /**
   * Several sockets can share a port and its messages ({@code SO_REUSEPORT}, {@code socket(7)}).
   */
  REUSE_PORT("the JDK's UDP or ancilla-native-ffm, where the platform has it"),

  /** The interface of outgoing multicast can be left to the kernel again. */
  MULTICAST_INTERFACE_RESET("ancilla-native-ffm"),

  /**
   * Each message tells to which address it was sent, through which interface it came, with which
   * hop limit and traffic class; and a message to send can say its source ({@code IP_PKTINFO},
   * {@code ip(7)}).
   */
  PACKET_INFO("ancilla-native-ffm"),

  /**
   * Sockets are inherited: those that this process was started with can be told apart ({@link
   * Sockets#inherited()}), and another program has some when this process becomes it ({@link
   * Sockets#exec}).
   */
  INHERITANCE("ancilla-native-ffm"),

  /** Anonymous memory files ({@code memfd_create(2)}). */
  MEMFD("ancilla-native-ffm"),

  /**
   * Many messages are received or sent by one system call ({@code recvmmsg(2)}, {@code
   * sendmmsg(2)}). Batches work without it, message by message.
   */
  BATCHES("ancilla-native-ffm"),

  /** A loop can look for work for a while before it sleeps; never with one processor only. */
  SPINNING("ancilla-native-ffm, with more than one processor"),

  /** {@link OwnedFd} converts from and to {@link java.io.FileDescriptor}. */
  JAVA_FILE_DESCRIPTOR("ancilla-native-junix");

  private final String where;

  Feature(String where) {
    this.where = where;
  }

  /**
   * Tells which provider has this feature, for error messages.
   *
   * @return the provider, with its conditions
   */
  public String where() {
    return where;
  }
}

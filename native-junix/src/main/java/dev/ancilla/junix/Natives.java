package dev.ancilla.junix;

import dev.ancilla.UnixAddress;
import dev.ancilla.spi.FdHandle;
import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The native methods under junixsocket's classes. Those for streams and servers shut a socket down
 * whenever one of its duplicates closes, begin to listen as they bind, take no backlog of 0 and
 * connect before they bind: so there is no lesser public way beside these. For sending messages
 * there is one, see {@link SendCall}.
 */
final class Natives {
  private static final int DOMAIN_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int OPT_PEEK = 2;
  private static final int OPT_NON_BLOCKING = 4;

  /** Makes bind(2) the first call of a bind, as for datagrams; otherwise connect(2) is. */
  private static final int BIND_FIRST = 16;

  /** A connect of a socket that is connected fails; no file's inode is compared. */
  private static final long NO_INODE = -1;

  private static final int STATUS_CONNECTED = 2;

  /** What junixsocket makes of POLLHUP and POLLERR. */
  private static final int OP_INVALID = 1 << 7;

  private static final @Nullable Natives INSTANCE = find();

  private final Method createSocket;
  private final Method socketPair;
  private final Method bytesToSockAddr;
  private final Method bind;
  private final Method listen;
  private final Method connect;
  private final Method accept;
  private final Method shutdown;
  private final Method socketStatus;
  private final Method poll;
  private final Constructor<?> pollFd;
  private final Field pollResults;
  private final Method receive;
  private final Method send;
  private final Constructor<?> ancillary;
  private final Field controlBuffer;
  private final Method received;
  private final Method lend;

  private Natives() throws ReflectiveOperationException {
    String home = "org.newsclub.net.unix.";
    Class<?> natives = Class.forName(home + "NativeUnixSocket");
    Class<?> support = Class.forName(home + "AncillaryDataSupport");
    Class<?> polled = Class.forName(home + "AFSelector$PollFd");
    Class<?> fd = FileDescriptor.class;
    Class<?> buffer = ByteBuffer.class;
    createSocket = Internals.method(natives, "createSocket", fd, int.class, int.class);
    socketPair = Internals.method(natives, "socketPair", int.class, int.class, fd, fd);
    bytesToSockAddr = Internals.method(natives, "bytesToSockAddr", int.class, buffer, byte[].class);
    bind = Internals.method(natives, "bind", buffer, int.class, fd, int.class);
    listen = Internals.method(natives, "listen", fd, int.class);
    connect = Internals.method(natives, "connect", buffer, int.class, fd, long.class);
    accept = Internals.method(natives, "accept", buffer, int.class, fd, fd, long.class, int.class);
    shutdown = Internals.method(natives, "shutdown", fd, int.class);
    socketStatus = Internals.method(natives, "socketStatus", fd);
    poll = Internals.method(natives, "poll", polled, int.class);
    pollFd = polled.getDeclaredConstructor(FileDescriptor[].class, int[].class);
    pollFd.setAccessible(true);
    pollResults = polled.getDeclaredField("rops");
    pollResults.setAccessible(true);
    receive =
        Internals.method(
            natives, "receive", fd, buffer, int.class, int.class, buffer, int.class, support,
            int.class);
    send =
        Internals.method(
            natives, "send", fd, buffer, int.class, int.class, buffer, int.class, int.class,
            support);
    ancillary = support.getDeclaredConstructor();
    ancillary.setAccessible(true);
    controlBuffer = support.getDeclaredField("ancillaryReceiveBuffer");
    controlBuffer.setAccessible(true);
    received = Internals.method(support, "getReceivedFileDescriptors");
    lend = Internals.method(support, "setOutboundFileDescriptors", int[].class);
  }

  private static @Nullable Natives find() {
    return Internals.ifAccessible(Natives::new);
  }

  /**
   * Tells whether there are streams.
   *
   * @return whether the methods can be reached
   */
  static boolean accessible() {
    return INSTANCE != null;
  }

  /** Returns the methods, of which {@link #accessible} has told. */
  static Natives get() {
    return Objects.requireNonNull(INSTANCE);
  }

  FileDescriptor open() throws IOException {
    FileDescriptor fd = new FileDescriptor();
    Internals.call(createSocket, null, fd, DOMAIN_UNIX, SOCK_STREAM);
    return fd;
  }

  List<FileDescriptor> openPair() throws IOException {
    FileDescriptor left = new FileDescriptor();
    FileDescriptor right = new FileDescriptor();
    Internals.call(socketPair, null, DOMAIN_UNIX, SOCK_STREAM, left, right);
    return List.of(left, right);
  }

  void bind(FileDescriptor fd, UnixAddress address) throws IOException {
    ByteBuffer sockaddr = sockaddr(address);
    Internals.call(bind, null, sockaddr, sockaddr.limit(), fd, BIND_FIRST);
  }

  void listen(FileDescriptor fd, int backlog) throws IOException {
    Internals.call(listen, null, fd, backlog);
  }

  /** Returns false if the backlog is full. */
  boolean connect(FileDescriptor fd, UnixAddress address) throws IOException {
    ByteBuffer sockaddr = sockaddr(address);
    return (Boolean) some(Internals.call(connect, null, sockaddr, sockaddr.limit(), fd, NO_INODE));
  }

  /** Returns an address as the kernel wants it, in a direct buffer. */
  ByteBuffer sockaddr(UnixAddress address) throws IOException {
    ByteBuffer sockaddr = ByteBuffer.allocateDirect(Internals.SOCKADDR_SIZE);
    byte[] name = Addresses.toJunix(address).getPathAsBytes();
    Object length = Internals.call(bytesToSockAddr, null, DOMAIN_UNIX, sockaddr, name);
    return sockaddr.limit((Integer) some(length));
  }

  /** Returns the descriptor of a connection, or {@code null} if none waits. */
  @Nullable FileDescriptor accept(FileDescriptor server) throws IOException {
    ByteBuffer peer = ByteBuffer.allocateDirect(Internals.SOCKADDR_SIZE);
    FileDescriptor fd = new FileDescriptor();
    Object came = Internals.call(accept, null, peer, peer.limit(), server, fd, 0L, 0);
    return (Boolean) some(came) ? fd : null;
  }

  /** Ends reading (0), or writing (1). */
  void shutdown(FileDescriptor fd, int how) throws IOException {
    Internals.call(shutdown, null, fd, how);
  }

  boolean isConnected(FileDescriptor fd) throws IOException {
    return (Integer) some(Internals.call(socketStatus, null, fd)) == STATUS_CONNECTED;
  }

  /**
   * Tells whether a stream socket listens. One that does has no peer, and one that has no peer and
   * does not polls hung up ({@code unix_poll} of net/unix/af_unix.c).
   */
  boolean listens(FileDescriptor fd) throws IOException {
    if (isConnected(fd)) {
      return false;
    }
    try {
      Object polled = pollFd.newInstance(new FileDescriptor[] {fd}, new int[] {0});
      Internals.call(poll, null, polled, 0);
      int[] results = (int[]) some(pollResults.get(polled));
      return (results[0] & OP_INVALID) == 0;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Makes what descriptors come and go in, with this direct buffer for those that come. */
  Object newAncillary(ByteBuffer control) {
    try {
      Object made = ancillary.newInstance();
      controlBuffer.set(made, control);
      return made;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the descriptors that came since this was called last. */
  FileDescriptor[] received(Object ancillary) throws IOException {
    return (FileDescriptor[]) some(Internals.call(received, ancillary));
  }

  /** A send, with what its descriptors are in, or {@code null}; returns the number of bytes. */
  @FunctionalInterface
  interface Sending {
    int send(@Nullable Object ancillary) throws IOException;
  }

  /** junixsocket forgets what is lent at the first attempt, and so each attempt lends it anew. */
  int lending(Object ancillary, List<FdHandle> descriptors, Sending sending) throws IOException {
    if (descriptors.isEmpty()) {
      return sending.send(null);
    }
    lend(ancillary, descriptors.stream().mapToInt(FdHandle::number).toArray());
    try {
      return sending.send(ancillary);
    } finally {
      lend(ancillary); // What failed before the kernel saw it must not ride with the next.
    }
  }

  private void lend(Object ancillary, int... numbers) throws IOException {
    Internals.call(lend, ancillary, (Object) numbers);
  }

  /**
   * Reads from a stream.
   *
   * @param bytes a direct buffer; what came goes to its beginning
   * @param ancillary takes the descriptors; {@code null} lets the kernel discard them
   * @return the number of bytes, 0 if there is none yet, -1 at the end
   */
  int receive(
      FileDescriptor fd, ByteBuffer bytes, int length, boolean peek, @Nullable Object ancillary)
      throws IOException {
    int options = peek ? OPT_NON_BLOCKING | OPT_PEEK : OPT_NON_BLOCKING;
    return (Integer)
        some(Internals.call(receive, null, fd, bytes, 0, length, null, options, ancillary, 0));
  }

  /**
   * Sends, or writes, the beginning of a direct buffer.
   *
   * @param sockaddr what {@link #sockaddr} made of the target, or {@code null} for the peer
   * @param ancillary what the descriptors are in, or {@code null}
   * @return the number of bytes, 0 if it would block
   */
  int send(
      FileDescriptor fd,
      ByteBuffer bytes,
      int length,
      @Nullable ByteBuffer sockaddr,
      @Nullable Object ancillary)
      throws IOException {
    int size = sockaddr == null ? 0 : sockaddr.limit();
    Object sent =
        Internals.call(
            send, null, fd, bytes, 0, length, sockaddr, size, OPT_NON_BLOCKING, ancillary);
    return (Integer) some(sent);
  }

  private static Object some(@Nullable Object result) {
    return Objects.requireNonNull(result);
  }
}

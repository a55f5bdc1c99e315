package dev.ancilla.ffm;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Joining and leaving a multicast group, by the requests of RFC 3678, which are the same for both
 * families. A socket of IPv6 joins a group of IPv4 at the level of that family.
 *
 * @param index the interface, 0 for the kernel's choice
 */
record GroupRequest(InetAddress group, int index, @Nullable InetAddress source) {
  void join(int fd) throws IOException {
    ask(fd, "join", Abi.MCAST_JOIN_GROUP, Abi.MCAST_JOIN_SOURCE_GROUP);
  }

  void leave(int fd) throws IOException {
    ask(fd, "leave", Abi.MCAST_LEAVE_GROUP, Abi.MCAST_LEAVE_SOURCE_GROUP);
  }

  GroupRequest ofAnySource() {
    return new GroupRequest(group, index, null);
  }

  private void ask(int fd, String operation, int ofAny, int ofSource) throws IOException {
    int level = group instanceof Inet4Address ? Abi.IPPROTO_IP : Abi.IPPROTO_IPV6;
    int result = Sock.setOption(fd, level, source == null ? ofAny : ofSource, this::write);
    if (result < 0) {
      throw Failures.of(operation, result, null, new InetSocketAddress(group, 0));
    }
  }

  private int write(MemorySegment to) {
    to.asSlice(0, Abi.GroupSourceReq.SIZE).fill((byte) 0);
    to.set(ValueLayout.JAVA_INT, Abi.GroupReq.INTERFACE, index);
    Sockaddr.encode(new InetSocketAddress(group, 0), to, Abi.GroupReq.GROUP);
    if (source == null) {
      return Abi.GroupReq.SIZE;
    }
    Sockaddr.encode(new InetSocketAddress(source, 0), to, Abi.GroupSourceReq.SOURCE);
    return Abi.GroupSourceReq.SIZE;
  }
}

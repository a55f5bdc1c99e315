package dev.ancilla.ffm;

import dev.ancilla.Errno;
import dev.ancilla.PacketInfo;
import dev.ancilla.SocketOpException;
import dev.ancilla.spi.DgramOptions;
import dev.ancilla.spi.UdpOption;
import dev.ancilla.spi.UdpOptions;
import dev.ancilla.spi.UdpTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The attempts of a UDP socket, which are those of any message socket, and its options. */
final class FfmUdp extends FfmDgram implements UdpTransport {
  private final InetFamily family;

  /** The groups joined for any source: the kernel would narrow them to one without a word. */
  private final Set<GroupRequest> anySource = ConcurrentHashMap.newKeySet();

  private FfmUdp(int fd, EpollLoop loop, InetFamily family, Beside beside) throws IOException {
    super(fd, loop, family, beside);
    this.family = family;
  }

  static FfmUdp open(EpollLoop loop, DgramOptions options, UdpOptions udp) throws IOException {
    InetFamily family = InetFamily.of(udp.family(), udp.ipv6Only());
    int fd = family.open(Sock.DGRAM);
    return orClose(
        fd,
        () -> {
          InetOptions.start(fd, family);
          // Joined messages are taken ahead, so not where none shall be.
          if (options.prefetch() > 1) {
            Offload.askForJoined(fd);
          }
          return make(fd, loop, family, options, udp);
        });
  }

  /** Makes a transport of a descriptor, which it owns from now on, also if this fails. */
  static FfmUdp over(
      int fd, EpollLoop loop, InetFamily family, DgramOptions options, UdpOptions udp)
      throws IOException {
    return orClose(fd, () -> make(fd, loop, family, options, udp));
  }

  private static FfmUdp make(
      int fd, EpollLoop loop, InetFamily family, DgramOptions options, UdpOptions udp)
      throws IOException {
    if (udp.reuseAddress()) {
      Sock.setOption(fd, Abi.SO_REUSEADDR, 1);
    }
    if (udp.reusePort()) {
      Sock.setOption(fd, Abi.SO_REUSEPORT, 1);
    }
    return new FfmUdp(fd, loop, family, Beside.udp(fd, options, udp.packetInfo(), family.six()));
  }

  @Override
  public int option(UdpOption option) throws IOException {
    return onSocket(fd -> InetOptions.get(fd, family, option));
  }

  @Override
  public void option(UdpOption option, int value) throws IOException {
    onSocket(
        fd -> {
          InetOptions.set(fd, family, option, value);
          return value;
        });
  }

  @Override
  public @Nullable NetworkInterface multicastInterface() throws IOException {
    return onSocket(fd -> InetOptions.multicastInterface(fd, family));
  }

  @Override
  public void multicastInterface(@Nullable NetworkInterface through) throws IOException {
    onSocket(
        fd -> {
          InetOptions.multicastInterface(fd, family, through);
          return true;
        });
  }

  @Override
  public Joined join(InetAddress group, @Nullable NetworkInterface on, @Nullable InetAddress source)
      throws IOException {
    if (!family.speaks(group)) {
      throw new SocketOpException(
          "join", Errno.EAFNOSUPPORT, null, null, new InetSocketAddress(group, 0));
    }
    GroupRequest request = new GroupRequest(group, on == null ? 0 : on.getIndex(), source);
    onSocket(
        number -> {
          if (source != null && anySource.contains(request.ofAnySource())) {
            throw new SocketOpException(
                "join",
                Errno.EADDRNOTAVAIL,
                "already joined for any source",
                null,
                new InetSocketAddress(group, 0));
          }
          request.join(number);
          return source == null && anySource.add(request);
        });
    return () ->
        onSocket(
            number -> {
              request.leave(number);
              return anySource.remove(request);
            });
  }

  @Override
  public boolean trySend(ByteBuffer payload, @Nullable SocketAddress target, PacketInfo source)
      throws IOException {
    return trySend(payload, target, List.of(), source);
  }
}

package dev.ancilla.junix;

import dev.ancilla.UnixAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/** Our addresses and junixsocket's. */
final class Addresses {
  /** Senders that are remembered: decoding one costs more than receiving its message. */
  private static final int REMEMBERED = 256;

  private final Map<String, UnixAddress> senders =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, UnixAddress> eldest) {
          return size() > REMEMBERED;
        }
      };

  static AFUNIXSocketAddress toJunix(SocketAddress address) throws IOException {
    UnixAddress unix = (UnixAddress) address;
    byte[] name = unix.name();
    if (unix.kind() == UnixAddress.Kind.ABSTRACT) {
      byte[] withNul = new byte[name.length + 1];
      System.arraycopy(name, 0, withNul, 1, name.length);
      return AFUNIXSocketAddress.of(withNul);
    }
    return AFUNIXSocketAddress.of(name);
  }

  /** Autobind, which junixsocket lacks: an unused abstract name, as the kernel would choose. */
  static UnixAddress randomName() {
    long random = ThreadLocalRandom.current().nextLong();
    return UnixAddress.abstractName("ancilla-" + String.format("%016x", random));
  }

  /** The address a socket says it has, in which junixsocket is exact. */
  static @Nullable UnixAddress ofSocket(@Nullable AFUNIXSocketAddress address) {
    if (address == null) {
      return null;
    }
    byte[] bytes = address.getPathAsBytes();
    if (bytes.length == 0) {
      return null;
    }
    return address.isInAbstractNamespace() ? abstractName(bytes) : UnixAddress.path(bytes);
  }

  private static UnixAddress abstractName(byte[] bytes) {
    return UnixAddress.abstractName(Arrays.copyOfRange(bytes, bytes[0] == 0 ? 1 : 0, bytes.length));
  }

  /** The address a packet came from: junixsocket pads an abstract name to 108 bytes with NULs. */
  @Nullable UnixAddress ofSender(@Nullable InetAddress wrapped) throws IOException {
    if (wrapped == null) {
      return null;
    }
    UnixAddress known = senders.get(wrapped.getHostName());
    if (known != null) {
      return known;
    }
    AFUNIXSocketAddress address = AFUNIXSocketAddress.unwrap(wrapped, 0);
    byte[] bytes = address.getPathAsBytes();
    UnixAddress decoded =
        bytes.length == 0 ? null : trimmed(bytes, address.isInAbstractNamespace());
    if (decoded != null) {
      senders.put(wrapped.getHostName(), decoded);
    }
    return decoded;
  }

  /** The address in a zero-padded sockaddr_un; on Linux the name starts after two bytes. */
  static @Nullable UnixAddress ofSockaddr(ByteBuffer sockaddr) {
    byte[] bytes = new byte[sockaddr.capacity() - 2];
    sockaddr.get(2, bytes);
    return trimmed(bytes, bytes[0] == 0);
  }

  private static @Nullable UnixAddress trimmed(byte[] bytes, boolean isAbstract) {
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] == 0) {
      end--;
    }
    byte[] name = Arrays.copyOf(bytes, end);
    if (end == 0) {
      return null;
    }
    return isAbstract ? abstractName(name) : UnixAddress.path(name);
  }
}

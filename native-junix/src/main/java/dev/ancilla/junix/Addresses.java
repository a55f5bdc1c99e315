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

/** Our addresses and junixsocket's. What it remembers is guarded by its socket's lock. */
final class Addresses {
  /** Senders that are remembered: decoding one costs more than receiving its message. */
  private static final int REMEMBERED = 256;

  /** Senders by the host name or the sockaddr in which they came. */
  private final Map<Object, UnixAddress> senders = remembering();

  private final Map<UnixAddress, AFUNIXSocketAddress> targets = remembering();
  private final Map<UnixAddress, ByteBuffer> sockaddrs = remembering();
  private final byte[] sockaddrBytes = new byte[Internals.SOCKADDR_SIZE];

  private static <K, V> Map<K, V> remembering() {
    return new LinkedHashMap<>() {
      private static final long serialVersionUID = 1L;

      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > REMEMBERED;
      }
    };
  }

  /** The target of a message; the making of one costs as much as sending to it. */
  AFUNIXSocketAddress ofTarget(SocketAddress target) throws IOException {
    UnixAddress unix = (UnixAddress) target;
    AFUNIXSocketAddress known = targets.get(unix);
    if (known == null) {
      known = toJunix(unix);
      targets.put(unix, known);
    }
    return known;
  }

  /** The target of a message, as the native method takes it. */
  ByteBuffer sockaddrOf(SocketAddress target) throws IOException {
    UnixAddress unix = (UnixAddress) target;
    ByteBuffer known = sockaddrs.get(unix);
    if (known == null) {
      known = Natives.get().sockaddr(unix);
      sockaddrs.put(unix, known);
    }
    return known;
  }

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
    return address == null
        ? null
        : named(address.getPathAsBytes(), address.isInAbstractNamespace());
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
    UnixAddress decoded = trimmed(bytes, address.isInAbstractNamespace());
    if (decoded != null) {
      senders.put(wrapped.getHostName(), decoded);
    }
    return decoded;
  }

  /** The address in a zero-padded sockaddr_un; on Linux the name starts after two bytes. */
  @Nullable UnixAddress ofSockaddr(ByteBuffer sockaddr) {
    sockaddr.get(0, sockaddrBytes);
    UnixAddress known = senders.get(ByteBuffer.wrap(sockaddrBytes));
    if (known != null) {
      return known;
    }
    byte[] bytes = Arrays.copyOfRange(sockaddrBytes, 2, sockaddrBytes.length);
    UnixAddress decoded = trimmed(bytes, bytes[0] == 0);
    if (decoded != null) {
      senders.put(ByteBuffer.wrap(sockaddrBytes.clone()), decoded);
    }
    return decoded;
  }

  private static @Nullable UnixAddress trimmed(byte[] bytes, boolean isAbstract) {
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] == 0) {
      end--;
    }
    return named(Arrays.copyOf(bytes, end), isAbstract);
  }

  /**
   * The kernel takes two names from others that are no {@link UnixAddress}: a path of 108 bytes, to
   * which no answer can be sent, for its NUL does not fit, and the empty abstract name.
   */
  private static @Nullable UnixAddress named(byte[] bytes, boolean isAbstract) {
    int start = isAbstract && bytes.length > 0 && bytes[0] == 0 ? 1 : 0;
    int length = bytes.length - start;
    if (length == 0 || length > UnixAddress.MAX_LENGTH) {
      return null;
    }
    return isAbstract
        ? UnixAddress.abstractName(Arrays.copyOfRange(bytes, start, bytes.length))
        : UnixAddress.path(bytes);
  }
}

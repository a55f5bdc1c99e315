package dev.ancilla;

import java.io.ByteArrayOutputStream;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The address of a Unix socket ({@code unix(7)}): a path, an abstract name, no name at all, or a
 * request that the kernel chooses one.
 *
 * <p>Names are bytes and are kept exactly. What the kernel would cut is refused: {@code sun_path}
 * holds 108 bytes, one of which ends a path or starts an abstract name, so either has at most 107.
 * Instances are immutable.
 *
 * <pre>{@code
 * UnixAddress file = UnixAddress.parse("unix:/run/example.sock");
 * UnixAddress name = UnixAddress.abstractName(new byte[] {'a', 0, 'b'});
 * System.out.println(file.toPath() + " and " + name); // /run/example.sock and unix:@a\0b
 * System.out.println(UnixAddress.parse("@a\\0b").equals(name)); // true
 * }</pre>
 */
public final class UnixAddress extends SocketAddress {
  private static final long serialVersionUID = 1L;

  /** The most bytes a path or an abstract name can have. */
  public static final int MAX_LENGTH = 107;

  private static final UnixAddress UNNAMED = new UnixAddress(Kind.UNNAMED, new byte[0]);
  private static final UnixAddress AUTOBIND = new UnixAddress(Kind.AUTOBIND, new byte[0]);

  /** What an address is. */
  public enum Kind {
    /** A socket file. */
    PATH,
    /** A name without a file; Linux only. */
    ABSTRACT,
    /** The address of a socket that was never bound. */
    UNNAMED,
    /** For binding only: the kernel, or the provider in its stead, chooses an abstract name. */
    AUTOBIND
  }

  /** What this address is. */
  private final Kind kind;

  /** The path, or the abstract name without its leading NUL. */
  private final byte[] name;

  private UnixAddress(Kind kind, byte[] name) {
    this.kind = kind;
    this.name = name;
  }

  /**
   * Returns the address of a socket file.
   *
   * @param path the path, absolute or relative to the working directory of the process
   * @return the address
   * @throws IllegalArgumentException if the path is empty, holds a NUL or has more than 107 bytes
   *     in the encoding of the file system
   */
  public static UnixAddress path(Path path) {
    return path(path.toString().getBytes(fileNameCharset()));
  }

  /**
   * Returns the address of a socket file.
   *
   * @param path the path; its UTF-8 bytes are used
   * @return the address
   * @throws IllegalArgumentException if the path is empty, holds a NUL or has more than 107 bytes
   */
  public static UnixAddress path(String path) {
    return path(path.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Returns the address of a socket file whose name is any sequence of bytes but NUL.
   *
   * @param path the bytes of the path; they are copied
   * @return the address
   * @throws IllegalArgumentException if the path is empty, holds a NUL or has more than 107 bytes
   */
  public static UnixAddress path(byte[] path) {
    if (path.length == 0) {
      throw new IllegalArgumentException("unix path is empty");
    }
    for (byte b : path) {
      if (b == 0) {
        throw new IllegalArgumentException(
            "unix path holds a NUL byte: unix:" + escape(path, false));
      }
    }
    checkLength("path", path);
    return new UnixAddress(Kind.PATH, path.clone());
  }

  /**
   * Returns an abstract name.
   *
   * @param name the name, without the leading NUL; its UTF-8 bytes are used
   * @return the address
   * @throws IllegalArgumentException if the name is empty or has more than 107 bytes
   */
  public static UnixAddress abstractName(String name) {
    return abstractName(name.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Returns an abstract name. Every byte counts, NULs too: {@code "a"} and {@code "a\0"} are
   * different names.
   *
   * @param name the name, without the leading NUL; it is copied
   * @return the address
   * @throws IllegalArgumentException if the name is empty or has more than 107 bytes
   */
  public static UnixAddress abstractName(byte[] name) {
    if (name.length == 0) {
      throw new IllegalArgumentException("abstract unix name is empty");
    }
    checkLength("abstract name", name);
    return new UnixAddress(Kind.ABSTRACT, name.clone());
  }

  /**
   * Returns the address of a socket that was never bound.
   *
   * @return the unnamed address
   */
  public static UnixAddress unnamed() {
    return UNNAMED;
  }

  /**
   * Returns the request that an unused abstract name is chosen when binding.
   *
   * @return the request; the name that was chosen is the socket's local address
   */
  public static UnixAddress autobind() {
    return AUTOBIND;
  }

  /**
   * Returns the address that the JDK's type for socket files means.
   *
   * @param address a path, or the JDK's unnamed address
   * @return the same address
   * @throws IllegalArgumentException if the path has more than 107 bytes
   */
  public static UnixAddress of(UnixDomainSocketAddress address) {
    Path path = address.getPath();
    return path.toString().isEmpty() ? UNNAMED : path(path);
  }

  /**
   * Reads an address as configuration files and command lines write it: {@code unix:/path}, {@code
   * unix:@name} or the same without {@code unix:}. In an abstract name {@code \0} is a NUL, {@code
   * \xHH} any byte and {@code \\} a backslash.
   *
   * @param text the address
   * @return the address
   * @throws IllegalArgumentException if the text is no such address
   */
  public static UnixAddress parse(String text) {
    String rest = text.startsWith("unix:") ? text.substring("unix:".length()) : text;
    if (rest.startsWith("@")) {
      return abstractName(unescape(rest.substring(1), text));
    }
    return path(rest);
  }

  private static void checkLength(String what, byte[] name) {
    if (name.length > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "unix "
              + what
              + " has "
              + name.length
              + " bytes, at most "
              + MAX_LENGTH
              + " fit: unix:"
              + (what.equals("path") ? escape(name, false) : "@" + escape(name, true)));
    }
  }

  /**
   * Tells what this address is.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * Returns the bytes of the path, or of the abstract name without its leading NUL.
   *
   * @return a copy; empty for an unnamed address and for the request to autobind
   */
  public byte[] name() {
    return name.clone();
  }

  /**
   * Returns the path of the socket file.
   *
   * @return the path
   * @throws IllegalStateException if this address is not a path
   * @throws IllegalArgumentException if this JVM's encoding of file names cannot express the bytes
   */
  public Path toPath() {
    if (kind != Kind.PATH) {
      throw new IllegalStateException("not a path: " + this);
    }
    Charset charset = fileNameCharset();
    String text = new String(name, charset);
    if (!Arrays.equals(text.getBytes(charset), name)) {
      throw new IllegalArgumentException(
          "file names of this JVM are in "
              + charset
              + ", which cannot express "
              + this
              + "; start it in a UTF-8 locale");
    }
    return Path.of(text);
  }

  /** The JDK encodes paths with this property and offers no other way to ask (JEP 400). */
  private static Charset fileNameCharset() {
    String name = System.getProperty("sun.jnu.encoding");
    return name != null && Charset.isSupported(name)
        ? Charset.forName(name)
        : StandardCharsets.UTF_8;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof UnixAddress that && kind == that.kind && Arrays.equals(name, that.name);
  }

  @Override
  public int hashCode() {
    return 31 * kind.hashCode() + Arrays.hashCode(name);
  }

  /**
   * Returns the address as {@link #parse} reads it; {@code unix:} alone is the unnamed address and
   * {@code unix:@} the request to autobind. A relative path that starts with {@code @} is written
   * {@code ./@…}, which is the same file; the bytes of a path that is not UTF-8 are shown as {@code
   * \xHH}, which {@code parse} does not read.
   */
  @Override
  public String toString() {
    return switch (kind) {
      case PATH -> "unix:" + (name[0] == '@' ? "./" : "") + escape(name, false);
      case ABSTRACT -> "unix:@" + escape(name, true);
      case UNNAMED -> "unix:";
      case AUTOBIND -> "unix:@";
    };
  }

  private static String escape(byte[] name, boolean abstractName) {
    if (!abstractName) {
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name)).toString();
      } catch (CharacterCodingException notText) {
        // Shown byte by byte below.
      }
    }
    StringBuilder text = new StringBuilder(name.length);
    for (int i = 0; i < name.length; i++) {
      byte b = name[i];
      if (b == '\\' && abstractName) {
        text.append("\\\\");
      } else if (b > ' ' && b < 127) {
        text.append((char) b);
      } else if (b == 0) {
        text.append("\\0");
      } else {
        text.append(String.format("\\x%02x", b));
      }
    }
    return text.toString();
  }

  private static byte[] unescape(String name, String whole) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
    int i = 0;
    while (i < bytes.length) {
      if (bytes[i] != '\\') {
        out.write(bytes[i++]);
      } else if (i + 1 < bytes.length && bytes[i + 1] == '0') {
        out.write(0);
        i += 2;
      } else if (i + 1 < bytes.length && bytes[i + 1] == '\\') {
        out.write('\\');
        i += 2;
      } else if (i + 3 < bytes.length && bytes[i + 1] == 'x') {
        out.write(hexByte(bytes[i + 2], bytes[i + 3], whole));
        i += 4;
      } else {
        throw new IllegalArgumentException("bad escape after \\ in address: " + whole);
      }
    }
    return out.toByteArray();
  }

  private static int hexByte(byte first, byte second, String whole) {
    int high = Character.digit((char) first, 16);
    int low = Character.digit((char) second, 16);
    if (high < 0 || low < 0) {
      throw new IllegalArgumentException("bad escape after \\ in address: " + whole);
    }
    return high << 4 | low;
  }
}

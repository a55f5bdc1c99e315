package dev.ancilla.ffm;

import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.util.Arrays;

/** The bytes of names of files and the like, as the kernel has them. */
final class FileName {
  /** What a decoder puts in the place of bytes that mean no character. */
  private static final char REPLACEMENT = '\uFFFD';

  private FileName() {}

  static byte[] of(Path path) {
    if (path.getFileSystem() != FileSystems.getDefault()) {
      throw new ProviderMismatchException(
          "open "
              + path
              + ": a descriptor needs a file of the default file system, and this is in "
              + path.getFileSystem());
    }
    String text = path.toString();
    return text.indexOf(REPLACEMENT) < 0 ? bytesOf(text) : bytesIn(path);
  }

  /** The bytes of a word of the command line, or of a variable of the environment. */
  static byte[] bytesOf(String text) {
    return text.getBytes(charset());
  }

  /** As the JDK encodes names of files. */
  private static Charset charset() {
    String name = System.getProperty("sun.jnu.encoding");
    return name == null || !Charset.isSupported(name)
        ? Charset.defaultCharset()
        : Charset.forName(name);
  }

  /** The JDK keeps the bytes of such a name, and shows them nowhere but in the URI. */
  private static byte[] bytesIn(Path path) {
    byte[] uri = path.toUri().getRawPath().getBytes(StandardCharsets.US_ASCII);
    ByteArrayOutputStream name = new ByteArrayOutputStream(uri.length);
    for (int i = 0; i < uri.length; i++) {
      if (uri[i] == '%') {
        name.write(Character.digit(uri[i + 1], 16) << 4 | Character.digit(uri[i + 2], 16));
        i += 2;
      } else {
        name.write(uri[i]);
      }
    }
    byte[] bytes = name.toByteArray();
    // The URI of a directory ends with a slash, which would follow a link (path_resolution(7)).
    return bytes.length > 1 && bytes[bytes.length - 1] == '/'
        ? Arrays.copyOf(bytes, bytes.length - 1)
        : bytes;
  }
}

package dev.ancilla.ffm;

import dev.ancilla.UnixAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Binding a socket, with the mode of its file. */
final class Naming {
  private Naming() {}

  /**
   * Binds. The kernel gives the file the mode of the socket's own inode, less the umask, before its
   * name becomes visible ({@code unix_bind_bsd} of net/unix/af_unix.c). Bits that the umask took
   * away are added afterwards: never for a moment may more people enter than were meant to.
   *
   * @param mode the permission bits, or -1 for those that the umask leaves
   */
  static Void bind(int fd, UnixAddress address, int mode) throws IOException {
    boolean file = address.kind() == UnixAddress.Kind.PATH;
    if (file && mode >= 0) {
      int result = Sock.fchmod(fd, mode);
      if (result < 0) {
        throw Failures.of("fchmod", result, null, address);
      }
    }
    int result = Sock.bind(fd, address);
    if (result < 0) {
      throw Failures.of("bind", result, address, null);
    }
    if (file && mode >= 0) {
      addWhatTheUmaskTook(address.toPath(), mode);
    }
    return null;
  }

  private static void addWhatTheUmaskTook(Path path, int mode) throws IOException {
    // "unix:mode" is st_mode (inode(7)).
    int all = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((all & 0777) == mode) {
      return;
    }
    try {
      Files.setAttribute(path, "unix:mode", all & ~0777 | mode);
    } catch (IOException e) {
      Files.deleteIfExists(path);
      throw e;
    }
  }
}

package dev.ancilla.ffm;

import dev.ancilla.UnixAddress;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Unix sockets, {@code unix(7)}. */
final class UnixFamily implements Family {
  static final Family INSTANCE = new UnixFamily();

  private UnixFamily() {}

  @Override
  public int open(int type) throws IOException {
    return Sock.open(Abi.AF_UNIX, type, 0);
  }

  @Override
  public SocketAddress unbound() {
    return UnixAddress.unnamed();
  }

  /**
   * Binds. The kernel gives the file the mode of the socket's own inode, less the umask, before its
   * name becomes visible ({@code unix_bind_bsd} of net/unix/af_unix.c). Bits that the umask took
   * away are added afterwards: never for a moment may more people enter than were meant to.
   */
  @Override
  public void bind(int fd, SocketAddress name, int mode) throws IOException {
    UnixAddress address = (UnixAddress) name;
    boolean file = address.kind() == UnixAddress.Kind.PATH;
    if (file && mode >= 0) {
      int result = Sock.fchmod(fd, mode);
      if (result < 0) {
        throw Failures.of("fchmod", result, null, address);
      }
    }
    int result = Sock.bind(fd, address, false);
    if (result < 0) {
      throw Failures.of("bind", result, address, null);
    }
    if (file && mode >= 0) {
      addWhatTheUmaskTook(address.toPath(), mode);
    }
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

  @Override
  public void disconnect(int fd) throws IOException {
    int result = Sock.disconnect(fd);
    if (result < 0) {
      throw Failures.of("disconnect", result, null, null);
    }
  }

  @Override
  public boolean queuesAtTarget() {
    return true;
  }
}

package dev.ancilla.engine;

import dev.ancilla.Errno;
import dev.ancilla.SocketOpException;
import dev.ancilla.UnixAddress;
import dev.ancilla.spi.QuietLog;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * How a socket file comes and goes: nothing is ever removed but a socket on which nobody answers,
 * and on close the very file that was bound.
 */
public final class Binding {
  /** The mode of whom the umask decides. */
  public static final int MODE_OF_UMASK = -1;

  /** File locks are the process's, so threads of this process need a lock besides. */
  private static final ReentrantLock REPLACING = new ReentrantLock();

  private final int mode;
  private final boolean replaceStale;
  private final boolean unlinkOnClose;
  private final @Nullable String group;
  private @Nullable Path file; // guarded by this
  private @Nullable Object fileKey; // guarded by this

  /** Binds a transport, with the permission bits of its file. */
  @FunctionalInterface
  interface Binder {
    void bind(SocketAddress address, int mode) throws IOException;
  }

  /** Asks whether anybody answers at an address. */
  @FunctionalInterface
  interface Probe {
    boolean answers(UnixAddress address) throws IOException;
  }

  /**
   * Creates a binding for one socket.
   *
   * @param mode the permission bits, or {@link #MODE_OF_UMASK}
   * @param replaceStale whether a socket on which nobody answers is removed
   * @param unlinkOnClose whether closing removes the file
   */
  public Binding(int mode, boolean replaceStale, boolean unlinkOnClose) {
    this(mode, replaceStale, unlinkOnClose, null);
  }

  /**
   * Creates a binding for one socket.
   *
   * @param mode the permission bits, or {@link #MODE_OF_UMASK}
   * @param replaceStale whether a socket on which nobody answers is removed
   * @param unlinkOnClose whether closing removes the file
   * @param group the group of the file, or {@code null} for that of the process
   */
  public Binding(int mode, boolean replaceStale, boolean unlinkOnClose, @Nullable String group) {
    this.group = group;
    this.mode = mode;
    this.replaceStale = replaceStale;
    this.unlinkOnClose = unlinkOnClose;
  }

  /**
   * Checks permission bits.
   *
   * @param mode the bits
   * @return the same
   */
  public static int checkedMode(int mode) {
    if ((mode & ~0777) != 0) {
      throw new IllegalArgumentException(
          "mode is 0" + Integer.toOctalString(mode) + ", not within 0..0777");
    }
    return mode;
  }

  void bind(Binder binder, UnixAddress address, Probe probe) throws IOException {
    bind(binder, address, probe, () -> {});
  }

  /**
   * Binds, and begins to answer before another one who replaces can look: until then it would take
   * the file for a dead one.
   *
   * @param answer the step with which the socket begins to answer; its file has its group by then
   */
  void bind(Binder binder, UnixAddress address, Probe probe, Opening.Step answer)
      throws IOException {
    if (address.kind() != UnixAddress.Kind.PATH) {
      binder.bind(address, MODE_OF_UMASK);
      answer.run();
      return;
    }
    Path path = address.toPath();
    if (!replaceStale) {
      bindFile(binder, path, address, answer);
      return;
    }
    underLock(
        path,
        address,
        () -> {
          removeIfStale(path, address, probe);
          bindFile(binder, path, address, answer);
        });
  }

  private static void removeIfStale(Path path, UnixAddress address, Probe probe)
      throws IOException {
    if (isSocket(path) && !probe.answers(address)) {
      Files.deleteIfExists(path);
    }
  }

  private void bindFile(Binder binder, Path path, UnixAddress address, Opening.Step answer)
      throws IOException {
    refuseIfExists(path, address);
    binder.bind(address, mode);
    remember(path.toAbsolutePath(), keyOf(path));
    if (group != null) {
      changeGroup(path, group, address);
    }
    answer.run();
  }

  private static void changeGroup(Path path, String group, UnixAddress address) throws IOException {
    try {
      GroupPrincipal principal =
          path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
      Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
          .setGroup(principal);
    } catch (UserPrincipalNotFoundException unknown) {
      throw new SocketOpException("bind", Errno.EINVAL, "no group " + group, address, null);
    } catch (FileSystemException refused) {
      Errno errno = Errno.ofText(refused.getReason());
      throw new SocketOpException("chown", errno, refused.getMessage(), address, null);
    }
  }

  private synchronized void remember(Path path, @Nullable Object key) {
    file = path;
    fileKey = key;
  }

  /**
   * Called before the socket is closed: while it lives its inode number cannot be used again. And
   * called after a bind that a close overtook.
   */
  synchronized void unlink() {
    Path bound = file;
    if (bound == null || !unlinkOnClose) {
      return;
    }
    file = null;
    try {
      if (Objects.equals(fileKey, keyOf(bound))) {
        Files.deleteIfExists(bound);
      }
    } catch (IOException e) {
      QuietLog.log(
          Binding.class,
          System.Logger.Level.WARNING,
          "the socket file {0} stays: {1}",
          bound,
          e.toString());
    }
  }

  private static void refuseIfExists(Path path, UnixAddress address) throws SocketOpException {
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new SocketOpException("bind", Errno.EADDRINUSE, null, address, null);
    }
  }

  private static boolean isSocket(Path path) throws IOException {
    try {
      // "unix:mode" is st_mode; S_IFMT 0170000, S_IFSOCK 0140000 (inode(7)).
      Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      return ((Integer) mode & 0170000) == 0140000;
    } catch (NoSuchFileException none) {
      return false;
    }
  }

  private static @Nullable Object keyOf(Path path) throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .fileKey();
    } catch (NoSuchFileException gone) {
      return null;
    }
  }

  /**
   * Never waits: whoever holds the lock is binding there. Opened for reading too, because opening a
   * FIFO that somebody left there only for writing would wait for a reader.
   */
  private static void underLock(Path path, UnixAddress address, Opening.Step step)
      throws IOException {
    Path lockFile = path.resolveSibling(path.getFileName() + ".lock");
    if (Files.isSymbolicLink(lockFile)) {
      throw new SocketOpException("bind", Errno.ELOOP, lockFile + " is a link", address, null);
    }
    REPLACING.lock();
    try (FileChannel channel =
            FileChannel.open(
                lockFile,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
        FileLock lock = channel.tryLock()) {
      if (lock == null) {
        throw new SocketOpException(
            "bind", Errno.EADDRINUSE, "another process has locked " + lockFile, address, null);
      }
      step.run();
    } catch (NoSuchFileException noDirectory) {
      throw new SocketOpException("bind", Errno.ENOENT, null, address, null);
    } catch (AccessDeniedException denied) {
      throw new SocketOpException(
          "bind", Errno.EACCES, "cannot lock " + denied.getFile(), address, null);
    } catch (FileSystemException refused) {
      Errno errno = Errno.ofText(refused.getReason());
      throw new SocketOpException("bind", errno, refused.getMessage(), address, null);
    } finally {
      REPLACING.unlock();
    }
  }
}

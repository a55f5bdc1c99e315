package dev.ancilla.junix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/** The permission bits of a new socket file, which junixsocket always sets to 0666. */
final class Umask {
  private static final Path STATUS = Path.of("/proc/self/status");

  private Umask() {}

  /**
   * Sets the bits.
   *
   * @param mode the bits, or -1 for those that the umask leaves of 0777, as the kernel gives them
   */
  static void apply(Path path, int mode) throws IOException {
    Files.setPosixFilePermissions(path, permissions(mode == -1 ? 0777 & ~current() : mode));
  }

  /** Linux tells the umask since 4.7 (proc(5)); elsewhere the most common one is assumed. */
  private static int current() throws IOException {
    if (Files.isReadable(STATUS)) {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("Umask:")) {
          return Integer.parseInt(line.substring("Umask:".length()).trim(), 8);
        }
      }
    }
    return 022;
  }

  private static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
    PosixFilePermission[] all = PosixFilePermission.values(); // From OWNER_READ, 0400, downwards.
    for (int i = 0; i < all.length; i++) {
      if ((mode & 0400 >> i) != 0) {
        set.add(all[i]);
      }
    }
    return set;
  }
}

package dev.ancilla.junix;

import dev.ancilla.Feature;
import dev.ancilla.UnsupportedFeatureException;
import dev.ancilla.spi.Descriptors;
import dev.ancilla.spi.FdHandle;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.Channel;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import org.newsclub.net.unix.AFPipe;
import org.newsclub.net.unix.AFUNIXSelectorProvider;
import org.newsclub.net.unix.FileDescriptorAccess;
import org.newsclub.net.unix.FileDescriptorCast;

/** Opens descriptors with what the JDK and junixsocket have. */
final class JunixDescriptors implements Descriptors {
  /**
   * Of the JDK's ways to open a file only RandomAccessFile and the streams show a descriptor, and
   * they know fewer options. So the file is first opened with the options, which creates and checks
   * what they say, and then for reading, or for reading and writing.
   */
  @Override
  public FdHandle open(Path path, List<OpenOption> options) throws IOException {
    for (OpenOption option : options) {
      if (option == StandardOpenOption.APPEND
          || option == StandardOpenOption.DELETE_ON_CLOSE
          || (!(option instanceof StandardOpenOption) && option != LinkOption.NOFOLLOW_LINKS)) {
        throw new UnsupportedOperationException(
            "open " + path + " with " + options + ": provider native-junix has no " + option);
      }
    }
    Set<OpenOption> asked =
        options.isEmpty() ? Set.of(StandardOpenOption.READ) : Set.copyOf(options);
    FileChannel.open(path, asked).close();
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), mode(options))) {
      return JunixFd.duplicateOf(file.getFD());
    }
  }

  private static String mode(List<OpenOption> options) {
    if (!options.contains(StandardOpenOption.WRITE)) {
      return "r";
    }
    if (options.contains(StandardOpenOption.SYNC)) {
      return "rws";
    }
    return options.contains(StandardOpenOption.DSYNC) ? "rwd" : "rw";
  }

  @Override
  public List<FdHandle> pipe() throws IOException {
    AFPipe pipe = AFUNIXSelectorProvider.provider().openPipe();
    try {
      FdHandle reader = duplicateOf(pipe.source());
      try {
        return List.of(reader, duplicateOf(pipe.sink()));
      } catch (IOException e) {
        reader.close();
        throw e;
      }
    } finally {
      pipe.close();
    }
  }

  private static FdHandle duplicateOf(Channel end) throws IOException {
    return JunixFd.duplicateOf(((FileDescriptorAccess) end).getFileDescriptor());
  }

  @Override
  public FdHandle memfd(String name) {
    throw new UnsupportedFeatureException(Feature.MEMFD, JunixProvider.NAME, "memfd " + name);
  }

  @Override
  public FdHandle of(int number) throws IOException {
    FileDescriptor fd = FileDescriptorCast.unsafeUsing(number).getFileDescriptor();
    JunixFd probe = JunixFd.duplicateOf(fd);
    probe.close();
    return new JunixFd(fd);
  }

  @Override
  public FdHandle duplicateOf(FileDescriptor descriptor) throws IOException {
    return JunixFd.duplicateOf(descriptor);
  }
}

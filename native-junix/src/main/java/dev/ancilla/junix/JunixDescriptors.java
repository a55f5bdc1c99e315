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
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.newsclub.net.unix.AFPipe;
import org.newsclub.net.unix.AFUNIXSelectorProvider;
import org.newsclub.net.unix.FileDescriptorAccess;
import org.newsclub.net.unix.FileDescriptorCast;

/** Opens descriptors with what the JDK and junixsocket have. */
final class JunixDescriptors implements Descriptors {
  private static final Set<StandardOpenOption> FOR_READING = EnumSet.of(StandardOpenOption.READ);

  /**
   * Of the JDK's ways to open a file only RandomAccessFile and the streams show a descriptor, and
   * they know fewer options. So the file is first opened with the options, which creates and checks
   * what they say, and then for reading, or for reading and writing.
   */
  @Override
  public FdHandle open(Path path, List<OpenOption> options) throws IOException {
    if (options.contains(StandardOpenOption.APPEND)
        || options.contains(StandardOpenOption.DELETE_ON_CLOSE)) {
      throw new UnsupportedOperationException(
          "open "
              + path
              + " with "
              + options
              + ": provider native-junix has neither APPEND nor"
              + " DELETE_ON_CLOSE");
    }
    boolean reading = options.isEmpty() || FOR_READING.containsAll(options);
    FileChannel.open(path, options.isEmpty() ? FOR_READING : Set.copyOf(options)).close();
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), reading ? "r" : "rw")) {
      return JunixFd.duplicateOf(file.getFD());
    }
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

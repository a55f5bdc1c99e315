package dev.ancilla.ffm;

import dev.ancilla.Errno;
import dev.ancilla.Feature;
import dev.ancilla.InheritedFd;
import dev.ancilla.SocketOpException;
import dev.ancilla.UnsupportedFeatureException;
import dev.ancilla.spi.Descriptors;
import dev.ancilla.spi.FdHandle;
import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/** Opens descriptors with the system calls themselves. */
final class FfmDescriptors implements Descriptors {
  @Override
  public FdHandle open(Path path, List<OpenOption> options) throws IOException {
    byte[] name = FileName.of(path);
    if (name.length >= Scratch.SIZE) {
      throw new FileSystemException(path.toString(), null, "File name too long");
    }
    int flags = flags(path, options);
    try (Scratch scratch = Scratch.borrow()) {
      scratch.memory.asSlice(0, name.length).asByteBuffer().put(name);
      scratch.memory.set(ValueLayout.JAVA_BYTE, name.length, (byte) 0);
      int fd;
      do {
        fd = LibcFiles.open(scratch.errno, scratch.memory.address(), flags, 0666);
      } while (fd == -Abi.EINTR);
      if (fd < 0) {
        throw refused(path, fd);
      }
      return new FfmFd(fd);
    }
  }

  /** The exceptions of java.nio.file, which those who open files know. */
  private static IOException refused(Path path, int result) {
    String file = path.toString();
    return switch (-result) {
      case Abi.ENOENT -> new NoSuchFileException(file);
      case Abi.EACCES -> new AccessDeniedException(file);
      case Abi.EEXIST -> new FileAlreadyExistsException(file);
      default ->
          new FileSystemException(file, null, Failures.of("open", result, null, null).text());
    };
  }

  private static int flags(Path path, List<OpenOption> options) {
    boolean append = options.contains(StandardOpenOption.APPEND);
    if (append
        && (options.contains(StandardOpenOption.READ)
            || options.contains(StandardOpenOption.TRUNCATE_EXISTING))) {
      // As FileChannel.open does.
      throw new IllegalArgumentException("open " + path + " with " + options);
    }
    boolean write = append || options.contains(StandardOpenOption.WRITE);
    boolean read = options.contains(StandardOpenOption.READ) || !write;
    int flags = Abi.O_CLOEXEC | (write ? read ? Abi.O_RDWR : Abi.O_WRONLY : Abi.O_RDONLY);
    for (OpenOption option : options) {
      if (option == StandardOpenOption.APPEND) {
        flags |= Abi.O_APPEND;
      } else if (option == StandardOpenOption.CREATE && write) {
        flags |= Abi.O_CREAT;
      } else if (option == StandardOpenOption.CREATE_NEW && write) {
        flags |= Abi.O_CREAT | Abi.O_EXCL;
      } else if (option == StandardOpenOption.TRUNCATE_EXISTING && write) {
        flags |= Abi.O_TRUNC;
      } else if (option == StandardOpenOption.SYNC) {
        flags |= Abi.O_SYNC;
      } else if (option == StandardOpenOption.DSYNC) {
        flags |= Abi.O_DSYNC;
      } else if (option == LinkOption.NOFOLLOW_LINKS) {
        flags |= Abi.O_NOFOLLOW;
      } else if (!(option instanceof StandardOpenOption)
          || option == StandardOpenOption.DELETE_ON_CLOSE) {
        throw new UnsupportedOperationException(
            "open " + path + " with " + options + ": provider native-ffm has no " + option);
      }
    }
    return flags;
  }

  @Override
  public List<FdHandle> pipe() throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      int result = LibcFiles.pipe2(scratch.errno, scratch.memory.address(), Abi.O_CLOEXEC);
      if (result < 0) {
        throw Failures.ofFile("pipe2", result);
      }
      return List.of(
          new FfmFd(scratch.memory.get(ValueLayout.JAVA_INT, 0)),
          new FfmFd(scratch.memory.get(ValueLayout.JAVA_INT, Integer.BYTES)));
    }
  }

  @Override
  public FdHandle memfd(String name) throws IOException {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (name.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("memfd: the name has a NUL, at which it would be cut");
    }
    if (bytes.length > 249) { // memfd_create(2)
      throw new IllegalArgumentException(
          "memfd " + name + ": the name has " + bytes.length + " bytes, at most 249 are possible");
    }
    try (Scratch scratch = Scratch.borrow()) {
      scratch.memory.asSlice(0, bytes.length).asByteBuffer().put(bytes);
      scratch.memory.set(ValueLayout.JAVA_BYTE, bytes.length, (byte) 0);
      int fd = LibcFiles.memfdCreate(scratch.errno, scratch.memory.address(), Abi.MFD_CLOEXEC);
      if (fd < 0) {
        throw Failures.ofFile("memfd_create", fd);
      }
      return new FfmFd(fd);
    }
  }

  @Override
  public FdHandle of(int number) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      int flags = LibcFiles.fcntl(scratch.errno, number, Abi.F_GETFD, 0);
      if (flags < 0) {
        throw Failures.ofFile("fcntl " + number, flags);
      }
      return new FfmFd(number);
    }
  }

  @Override
  public InheritedFd inherit(int number, String name) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      int result = LibcFiles.fcntl(scratch.errno, number, Abi.F_SETFD, Abi.FD_CLOEXEC);
      if (result < 0) {
        throw new SocketOpException(
            "inherited",
            Errno.ofNumber(-result),
            "descriptor " + number + " (" + name + ") is not open",
            null,
            null);
      }
    }
    return Adopting.inherited(number, name);
  }

  @Override
  public void exec(
      Path program,
      List<String> arguments,
      Map<String, String> variables,
      List<FdHandle> descriptors)
      throws IOException {
    throw refused(program, Exec.call(program, arguments, variables, descriptors));
  }

  @Override
  public FdHandle duplicateOf(FileDescriptor descriptor) {
    throw new UnsupportedFeatureException(
        Feature.JAVA_FILE_DESCRIPTOR, FfmProvider.NAME, "duplicateOf " + descriptor);
  }
}

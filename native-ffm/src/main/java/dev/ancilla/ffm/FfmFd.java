package dev.ancilla.ffm;

import dev.ancilla.Feature;
import dev.ancilla.UnsupportedFeatureException;
import dev.ancilla.spi.FdHandle;
import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;

/**
 * One descriptor, by its number alone. {@link dev.ancilla.OwnedFd} sees to it that no call is made
 * after the close.
 */
final class FfmFd implements FdHandle {
  private final int number;

  FfmFd(int number) {
    this.number = number;
  }

  @Override
  public int number() {
    return number;
  }

  /** Duplicates any descriptor, close-on-exec. */
  static FfmFd duplicateOf(int number) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      int copy = LibcFiles.fcntl(scratch.errno, number, Abi.F_DUPFD_CLOEXEC, 0);
      if (copy < 0) {
        throw Failures.ofFile("dup", copy);
      }
      return new FfmFd(copy);
    }
  }

  @Override
  public FdHandle duplicate() throws IOException {
    return duplicateOf(number);
  }

  @Override
  public void close() {
    close(number);
  }

  static void close(int number) {
    Libc.close(number);
  }

  /**
   * A call on memory of ours. Never on the caller's: a direct buffer may be of an arena that
   * another thread closes while the call waits.
   */
  @FunctionalInterface
  private interface Transfer {
    long call(MemorySegment errno, long address, long count);
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    if (target.isReadOnly()) {
      throw new ReadOnlyBufferException();
    }
    if (!target.hasRemaining()) {
      return 0;
    }
    try (Scratch scratch = Scratch.borrow()) {
      Transfer reading = (errno, address, count) -> Libc.read(errno, number, address, count);
      int most = Math.min(target.remaining(), Scratch.SIZE);
      int count = (int) retried(scratch, "read", scratch.memory.address(), most, reading);
      target.put(scratch.memory.asSlice(0, count).asByteBuffer());
      return count == 0 ? -1 : count;
    }
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    if (!source.hasRemaining()) {
      return 0;
    }
    try (Scratch scratch = Scratch.borrow()) {
      Transfer writing = (errno, address, count) -> Libc.write(errno, number, address, count);
      int most = Math.min(source.remaining(), Scratch.SIZE);
      SendCall.copy(source, most, scratch.memory.asByteBuffer(), 0);
      int count = (int) retried(scratch, "write", scratch.memory.address(), most, writing);
      source.position(source.position() + count);
      return count;
    }
  }

  private static long retried(
      Scratch scratch, String operation, long address, long count, Transfer transfer)
      throws IOException {
    while (true) {
      long result = transfer.call(scratch.errno, address, count);
      if (result >= 0) {
        return result;
      }
      if (result != -Abi.EINTR) {
        throw Failures.ofFile(operation, result);
      }
    }
  }

  @Override
  public long position() throws IOException {
    return seek(0, Abi.SEEK_CUR);
  }

  @Override
  public void position(long position) throws IOException {
    seek(position, Abi.SEEK_SET);
  }

  /** Of a file without seeking, which would move the position of whoever shares the open file. */
  @Override
  public long size() throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      long file = scratch.memory.address();
      scratch.memory.set(ValueLayout.JAVA_BYTE, Abi.Statx.SIZE, (byte) 0);
      int asked =
          LibcFiles.statx(scratch.errno, number, file + Abi.Statx.SIZE, Abi.STATX_TYPE_SIZE, file);
      if (asked == 0) {
        int mode = scratch.memory.get(ValueLayout.JAVA_SHORT, Abi.Statx.STX_MODE);
        if ((mode & Abi.S_IFMT) == Abi.S_IFREG) {
          return scratch.memory.get(ValueLayout.JAVA_LONG, Abi.Statx.STX_SIZE);
        }
      }
    }
    // A device, or what has no size.
    long current = seek(0, Abi.SEEK_CUR);
    long end = seek(0, Abi.SEEK_END);
    seek(current, Abi.SEEK_SET);
    return end;
  }

  private long seek(long offset, int whence) throws IOException {
    try (Scratch scratch = Scratch.borrow()) {
      long result = LibcFiles.lseek(scratch.errno, number, offset, whence);
      if (result < 0) {
        throw Failures.ofFile("lseek", result);
      }
      return result;
    }
  }

  @Override
  public void truncate(long size) throws IOException {
    if (size() <= size) {
      return;
    }
    try (Scratch scratch = Scratch.borrow()) {
      int result = LibcFiles.ftruncate(scratch.errno, number, size);
      if (result < 0) {
        throw Failures.ofFile("ftruncate", result);
      }
    }
  }

  @Override
  public FileDescriptor fileDescriptor() {
    throw new UnsupportedFeatureException(
        Feature.JAVA_FILE_DESCRIPTOR, FfmProvider.NAME, "the java.io.FileDescriptor of " + number);
  }
}

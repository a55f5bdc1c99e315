package dev.ancilla.junix;

import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.QuietLog;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * A descriptor as the JDK's streams see it. Reading and writing go through the streams, which no
 * interrupt closes; their close is the only plain close(2) in reach.
 */
final class JunixFd implements FdHandle {
  private final FileDescriptor fd;
  private final int number;

  // Once each: a FileDescriptor remembers every stream that was ever made of it.
  private final FileInputStream input;
  private final FileOutputStream output;

  JunixFd(FileDescriptor fd) throws IOException {
    this.fd = fd;
    this.number = FileDescriptorCast.using(fd).as(Integer.class);
    this.input = new FileInputStream(fd);
    this.output = new FileOutputStream(fd);
  }

  /** Duplicates a descriptor; junixsocket's duplicates are close-on-exec. */
  static JunixFd duplicateOf(FileDescriptor fd) throws IOException {
    return new JunixFd(FileDescriptorCast.duplicating(fd).getFileDescriptor());
  }

  /** Closes a descriptor and nothing else: no shutdown(2), no unlink(2). */
  static void close(FileDescriptor fd) {
    if (!fd.valid()) {
      return;
    }
    try {
      new FileInputStream(fd).close();
    } catch (IOException e) {
      QuietLog.log(JunixFd.class, System.Logger.Level.WARNING, "closing a descriptor failed", e);
    }
  }

  @Override
  public int number() {
    return number;
  }

  @Override
  public FdHandle duplicate() throws IOException {
    return duplicateOf(fd);
  }

  @Override
  public void close() {
    close(fd);
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    byte[] bytes = new byte[Math.min(target.remaining(), 65_536)];
    int count = input.read(bytes);
    if (count > 0) {
      target.put(bytes, 0, count);
    }
    return count;
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    byte[] bytes = new byte[Math.min(source.remaining(), 65_536)];
    source.duplicate().get(bytes);
    output.write(bytes);
    source.position(source.position() + bytes.length);
    return bytes.length;
  }

  @Override
  public long position() throws IOException {
    return input.getChannel().position();
  }

  @Override
  public void position(long position) throws IOException {
    input.getChannel().position(position);
  }

  @Override
  public long size() throws IOException {
    return input.getChannel().size();
  }

  @Override
  public void truncate(long size) throws IOException {
    output.getChannel().truncate(size);
  }

  @Override
  public FileDescriptor fileDescriptor() {
    return fd;
  }
}

package dev.ancilla.engine;

import dev.ancilla.OwnedFd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;

/**
 * A channel over a descriptor. Each call holds the descriptor, so a close elsewhere does no harm.
 */
public final class FdChannel implements SeekableByteChannel {
  private final OwnedFd fd;

  /**
   * Creates a channel.
   *
   * @param fd the descriptor, which closing the channel closes
   */
  public FdChannel(OwnedFd fd) {
    this.fd = fd;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    if (!target.hasRemaining()) {
      return 0;
    }
    try (OwnedFd.Hold hold = fd.hold()) {
      return hold.handle().read(target);
    }
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    if (!source.hasRemaining()) {
      return 0;
    }
    try (OwnedFd.Hold hold = fd.hold()) {
      return hold.handle().write(source);
    }
  }

  @Override
  public long position() throws IOException {
    try (OwnedFd.Hold hold = fd.hold()) {
      return hold.handle().position();
    }
  }

  @Override
  public SeekableByteChannel position(long newPosition) throws IOException {
    if (newPosition < 0) {
      throw new IllegalArgumentException("position is negative: " + newPosition);
    }
    try (OwnedFd.Hold hold = fd.hold()) {
      hold.handle().position(newPosition);
    }
    return this;
  }

  @Override
  public long size() throws IOException {
    try (OwnedFd.Hold hold = fd.hold()) {
      return hold.handle().size();
    }
  }

  @Override
  public SeekableByteChannel truncate(long size) throws IOException {
    if (size < 0) {
      throw new IllegalArgumentException("size is negative: " + size);
    }
    try (OwnedFd.Hold hold = fd.hold()) {
      hold.handle().truncate(size);
    }
    return this;
  }

  @Override
  public boolean isOpen() {
    return fd.isOpen();
  }

  @Override
  public void close() {
    fd.close();
  }
}

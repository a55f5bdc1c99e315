package dev.ancilla.spi;

import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A provider's hold on one open descriptor. {@link dev.ancilla.OwnedFd} sees to it that no call is
 * made after {@link #close()}, and that {@code close} is called once.
 */
public interface FdHandle {
  /**
   * Returns the number.
   *
   * @return the number, as in {@code /proc/self/fd}
   */
  int number();

  /**
   * Duplicates it, close-on-exec.
   *
   * @return the duplicate
   * @throws IOException if the process can open no more descriptors
   */
  FdHandle duplicate() throws IOException;

  /** Closes the descriptor. Errors are of no use to anybody and are logged. */
  void close();

  /**
   * Reads at the file's position.
   *
   * @param target where to; its position advances
   * @return how many bytes, or -1 at the end
   * @throws IOException if the kernel refuses
   */
  int read(ByteBuffer target) throws IOException;

  /**
   * Writes at the file's position.
   *
   * @param source what; its position advances
   * @return how many bytes
   * @throws IOException if the kernel refuses
   */
  int write(ByteBuffer source) throws IOException;

  /**
   * Returns the file's position.
   *
   * @return the offset of the next read or write
   * @throws IOException if the file cannot be sought
   */
  long position() throws IOException;

  /**
   * Sets the file's position.
   *
   * @param position the offset of the next read or write
   * @throws IOException if the file cannot be sought
   */
  void position(long position) throws IOException;

  /**
   * Returns the file's size.
   *
   * @return the size in bytes
   * @throws IOException if the file has none
   */
  long size() throws IOException;

  /**
   * Cuts the file.
   *
   * @param size the new size, if it was larger
   * @throws IOException if the kernel refuses
   */
  void truncate(long size) throws IOException;

  /**
   * Returns the same descriptor as the JDK's type.
   *
   * @return the JDK's descriptor
   * @throws dev.ancilla.UnsupportedFeatureException if the provider cannot
   */
  FileDescriptor fileDescriptor();
}

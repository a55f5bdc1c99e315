package dev.ancilla.spi;

import dev.ancilla.InheritedFd;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** How a provider opens descriptors. All of them are close-on-exec. */
public interface Descriptors {
  /**
   * Opens a file.
   *
   * @param path the file
   * @param options how; for reading if there are none
   * @return the open file
   * @throws IOException if it cannot be opened
   */
  FdHandle open(Path path, List<OpenOption> options) throws IOException;

  /**
   * Opens a pipe.
   *
   * @return the end to read from and the end to write to
   * @throws IOException if the process can open no more descriptors
   */
  List<FdHandle> pipe() throws IOException;

  /**
   * Opens a memory file.
   *
   * @param name its name in {@code /proc/self/fd}
   * @return the open file
   * @throws IOException if the kernel refuses
   * @throws dev.ancilla.UnsupportedFeatureException if the provider cannot
   */
  FdHandle memfd(String name) throws IOException;

  /**
   * Takes over an open descriptor.
   *
   * @param number its number
   * @return the descriptor
   * @throws IOException if it is not open
   */
  FdHandle of(int number) throws IOException;

  /**
   * Takes over a descriptor that this process was started with, and makes it close-on-exec.
   *
   * @param number its number
   * @param name what it is called
   * @return the descriptor, and what it is
   * @throws IOException if it is not open
   * @throws UnsupportedOperationException without {@link dev.ancilla.Feature#INHERITANCE}
   */
  default InheritedFd inherit(int number, String name) throws IOException {
    throw new UnsupportedOperationException("inherit " + number);
  }

  /**
   * Becomes another program ({@code execve(2)}), which has some of the open descriptors and, beside
   * standard input, output and error, no other.
   *
   * @param program its file
   * @param arguments its arguments, its own name first
   * @param variables what its environment has instead of variables of these names
   * @param descriptors what it has from number 3 on, blocking, in their order
   * @throws IOException if the kernel refuses; then nothing has changed
   * @throws UnsupportedOperationException without {@link dev.ancilla.Feature#INHERITANCE}
   */
  default void exec(
      Path program,
      List<String> arguments,
      Map<String, String> variables,
      List<FdHandle> descriptors)
      throws IOException {
    throw new UnsupportedOperationException("exec " + program);
  }

  /**
   * Duplicates a descriptor of the JDK.
   *
   * @param descriptor an open one
   * @return the duplicate
   * @throws IOException if it is not open
   * @throws dev.ancilla.UnsupportedFeatureException if the provider cannot
   */
  FdHandle duplicateOf(FileDescriptor descriptor) throws IOException;
}

package dev.ancilla.examples;

import dev.ancilla.OwnedFd;
import dev.ancilla.Sockets;
import dev.ancilla.StreamRead;
import dev.ancilla.StreamSocket;
import dev.ancilla.UnixAddress;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A client of the {@code FdBroker}, which reads files that it may not open. */
public final class FdBrokerClient implements AutoCloseable {
  private final StreamSocket socket;

  /**
   * Connects to a broker.
   *
   * @param broker where it is
   * @throws IOException if nobody listens there
   */
  public FdBrokerClient(UnixAddress broker) throws IOException {
    socket = Sockets.unixStream().maxDescriptors(1).connect(broker);
  }

  /**
   * Reads files through the broker.
   *
   * @param args the broker's address, and paths of files that it hands out
   * @throws IOException if the broker ends
   */
  public static void main(String[] args) throws IOException {
    try (FdBrokerClient client = new FdBrokerClient(UnixAddress.parse(args[0]))) {
      for (int i = 1; i < args.length; i++) {
        Path path = Path.of(args[i]);
        System.out.println("by myself: " + byMyself(path));
        System.out.println("by the broker: " + client.read(path.getFileName().toString()));
      }
    }
  }

  private static String byMyself(Path path) throws IOException {
    try {
      return Files.readString(path);
    } catch (AccessDeniedException e) {
      return "permission denied";
    }
  }

  private String read(String name) throws IOException {
    try (OwnedFd file = open(name)) {
      return new String(file.inputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (FileSystemException e) {
      return e.getReason();
    }
  }

  /**
   * Has the broker open a file.
   *
   * @param name the file's name in the broker's directory
   * @return its descriptor, owned by the caller
   * @throws EOFException if the broker has ended, or does not serve this user
   * @throws FileSystemException if the broker refuses, with its reason
   * @throws IOException if it fails otherwise
   */
  public OwnedFd open(String name) throws IOException {
    socket.blocking().write(ByteBuffer.wrap((name + "\n").getBytes(StandardCharsets.UTF_8)));
    ByteBuffer buffer = ByteBuffer.allocate(4096);
    OwnedFd file = null;
    // An answer is one line, which may come in several reads; the descriptor comes with the first.
    while (buffer.position() == 0 || buffer.get(buffer.position() - 1) != '\n') {
      try (StreamRead read = socket.blocking().read(buffer)) {
        if (read.isEnd()) {
          throw new EOFException("the broker has ended the connection");
        }
        if (!read.ancillary().descriptors().isEmpty()) {
          file = read.ancillary().take();
        }
      }
    }
    if (file == null) {
      String reason = StandardCharsets.UTF_8.decode(buffer.flip()).toString().strip();
      throw new FileSystemException(name, null, reason);
    }
    return file;
  }

  @Override
  public void close() {
    socket.close();
  }
}

package dev.ancilla.examples.guide;

import dev.ancilla.Ancillary;
import dev.ancilla.OwnedFd;
import dev.ancilla.Server;
import dev.ancilla.Sockets;
import dev.ancilla.StreamSocket;
import dev.ancilla.UnixAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The snippets about streams of docs/guide-java.md, which stand there word for word. */
public final class JavaStreams {
  private JavaStreams() {}

  static void echoOnce(Server<StreamSocket> server) throws IOException {
    try (StreamSocket client = server.blocking().accept()) {
      ByteBuffer buffer = ByteBuffer.allocate(1024);
      while (!client.blocking().read(buffer).isEnd()) {
        client.blocking().write(buffer.flip());
        buffer.clear();
      }
    } // Closed: the other side reads the end.
  }

  static void ask(UnixAddress server, byte[] question) throws IOException {
    try (StreamSocket socket = Sockets.unixStream().connect(server)) {
      // Writes all of it, and then says that there is no more.
      socket.blocking().end(List.of(ByteBuffer.wrap(question)), Ancillary.none(), null);

      ByteBuffer answer = ByteBuffer.allocate(question.length);
      socket.blocking().readExactly(answer).close();
      System.out.println(StandardCharsets.UTF_8.decode(answer.flip()));
    }
  }

  static void passADescriptor(StreamSocket left, StreamSocket right) throws IOException {
    try (OwnedFd.Pipe pipe = OwnedFd.pipe()) {
      pipe.writer().outputStream().write("from a pipe".getBytes());
      ByteBuffer length = ByteBuffer.allocate(4).putInt(0, 9);
      ByteBuffer text = ByteBuffer.wrap("read this".getBytes());
      left.blocking().write(List.of(length, text), Ancillary.lend(pipe.reader()));
    }

    ByteBuffer length = ByteBuffer.allocate(4);
    // Four bytes and one descriptor, or nothing: what is there too early stays.
    try (Ancillary came = right.blocking().readExactly(length, 1)) {
      ByteBuffer text = ByteBuffer.allocate(length.getInt(0));
      right.blocking().readExactly(text, 0).close();
      byte[] content = came.descriptors().get(0).inputStream().readAllBytes();
      System.out.println(new String(text.array()) + ": " + new String(content));
    }
  }
}

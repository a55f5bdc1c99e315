package dev.ancilla.examples.guide;

import dev.ancilla.Ancillary;
import dev.ancilla.OwnedFd;
import dev.ancilla.Server;
import dev.ancilla.Sockets;
import dev.ancilla.StreamListener;
import dev.ancilla.StreamSocket;
import dev.ancilla.Subscription;
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

  static Subscription echo(Server<StreamSocket> server) throws IOException {
    return server.listen((from, connection) -> connection.listen(new Echo()));
  }

  /** Reads no faster than the peer takes back. */
  private static final class Echo implements StreamListener {
    private Subscription reading;
    private ByteBuffer unsent;

    @Override
    public void onStart(StreamSocket socket, Subscription subscription) {
      reading = subscription;
    }

    @Override
    public void onData(StreamSocket socket, ByteBuffer bytes, Ancillary ancillary)
        throws IOException {
      socket.tryWrite(bytes);
      if (bytes.hasRemaining()) {
        unsent = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
        reading.pause(); // What comes now waits in the kernel, and its writer with it.
      }
    }

    @Override
    public void onWritable(StreamSocket socket) throws IOException {
      socket.tryWrite(unsent);
      if (!unsent.hasRemaining()) {
        reading.resume();
      }
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

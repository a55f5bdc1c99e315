package dev.ancilla.benchmarks.inside;

import dev.ancilla.Sockets;
import dev.ancilla.UnixAddress;
import dev.ancilla.UnixDgramSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Two sockets of one provider in one process. */
@State(Scope.Benchmark)
public class Line {
  /** How many messages fit the receiver's queue, with some to spare: the kernel's default is 10. */
  static final int MESSAGES = 8;

  @Param({"native-ffm", "native-junix"})
  public String provider;

  UnixDgramSocket sender;
  UnixDgramSocket receiver;
  final ByteBuffer payload = ByteBuffer.allocateDirect(64);

  @Setup
  public void open() throws IOException {
    System.setProperty("ancilla.provider", provider);
    sender = Sockets.unixDgram().bind(UnixAddress.autobind());
    receiver = Sockets.unixDgram().bind(UnixAddress.autobind());
    sender.tryConnect(receiver.localAddress());
  }

  @TearDown
  public void close() {
    sender.close();
    receiver.close();
  }

  /** Sends one message, for which there is room. */
  void send() throws IOException {
    if (!sender.trySend(payload.rewind(), null)) {
      throw new IllegalStateException("no room");
    }
  }
}

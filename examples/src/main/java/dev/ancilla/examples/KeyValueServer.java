package dev.ancilla.examples;

import dev.ancilla.Datagram;
import dev.ancilla.DgramListener;
import dev.ancilla.DgramSocket;
import dev.ancilla.Message;
import dev.ancilla.Sockets;
import dev.ancilla.UnixAddress;
import dev.ancilla.UnixDgramSocket;
import java.util.concurrent.TimeUnit;

/**
 * The same service in plain Java, event-driven: a listener answers each request, and SIGTERM closes
 * the socket. The socket file is gone when the process is.
 */
public final class KeyValueServer implements DgramListener {
  private final KeyValueStore store = new KeyValueStore();

  private KeyValueServer() {}

  /**
   * Serves until the process is terminated.
   *
   * @param args the address
   * @throws Exception if the address cannot be bound
   */
  public static void main(String[] args) throws Exception {
    UnixAddress address = UnixAddress.parse(args[0]);
    UnixDgramSocket socket = Sockets.unixDgram().replaceStale().mode(0600).bind(address);
    socket.listen(new KeyValueServer());
    socket.keepProcessAlive(true);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(socket)));
    System.out.println("serving at " + address);
  }

  @Override
  public void onMessage(DgramSocket socket, Datagram request) {
    Message answer = Message.of(store.answer(request.text()));
    if (request.sender() == null) {
      return; // It did as it was told, and has nobody to say so.
    }
    // An asker that does not read its answers costs a little memory for a while, and no more.
    socket
        .async()
        .send(answer.to(request.sender()))
        .orTimeout(5, TimeUnit.SECONDS)
        .exceptionally(notTaken -> null);
  }

  private static void end(UnixDgramSocket socket) {
    socket.close();
    System.out.println("served");
  }
}

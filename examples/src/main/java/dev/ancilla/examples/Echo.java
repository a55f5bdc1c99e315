package dev.ancilla.examples;

import dev.ancilla.Datagram;
import dev.ancilla.Message;
import dev.ancilla.Sockets;
import dev.ancilla.UnixAddress;
import java.time.Duration;

/** A server that answers each message with itself, and a client that waits for the answer. */
public final class Echo {
  private Echo() {}

  /**
   * Runs both.
   *
   * @param args none
   * @throws Exception if a socket fails
   */
  public static void main(String[] args) throws Exception {
    try (var server = Sockets.unixDgram().bind(UnixAddress.autobind());
        var client = Sockets.unixDgram().bind(UnixAddress.autobind())) {
      server.listen(
          (socket, message) ->
              socket.async().send(Message.of(message.bytes()).to(message.sender())));

      client.blocking().send(Message.of("hello").to(server.localAddress()));
      try (Datagram answer = client.blocking().receive(Duration.ofSeconds(5))) {
        System.out.println(answer.text());
      }
    }
  }
}

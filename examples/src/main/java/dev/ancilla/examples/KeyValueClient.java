package dev.ancilla.examples;

import dev.ancilla.Datagram;
import dev.ancilla.Message;
import dev.ancilla.Sockets;
import dev.ancilla.UnixAddress;
import dev.ancilla.UnixDgramSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A client of the key-value services whose calls return futures, and what can be made of them. */
public final class KeyValueClient {
  private final UnixAddress server;
  private final Duration patience;

  /**
   * Creates a client.
   *
   * @param server where the service is
   * @param patience how long to wait for an answer
   */
  public KeyValueClient(UnixAddress server, Duration patience) {
    this.server = server;
    this.patience = patience;
  }

  /**
   * Asks for two keys at once, once both are there.
   *
   * @param args the server's address
   */
  public static void main(String[] args) {
    KeyValueClient client = new KeyValueClient(UnixAddress.parse(args[0]), Duration.ofSeconds(10));
    CompletableFuture<String> greeting =
        client
            .putAll("first", "hello", "second", "world")
            .thenCompose(
                stored ->
                    client
                        .ask("get first")
                        .thenCombine(client.ask("get second"), (a, b) -> a + ", " + b));
    System.out.println(greeting.join());
  }

  /**
   * Asks one question. It has a socket of its own, so that a late answer is never taken for another
   * one's; the socket is closed when the future completes, whoever completes it.
   *
   * @param question what to ask
   * @return a future of the answer, which may be cancelled
   */
  public CompletableFuture<String> ask(String question) {
    UnixDgramSocket socket;
    try {
      socket = Sockets.unixDgram().bind(UnixAddress.autobind());
      try {
        socket.tryConnect(server);
      } catch (IOException | RuntimeException e) {
        socket.close();
        throw e;
      }
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
    CompletableFuture<String> answer =
        socket
            .async()
            .send(Message.of(question))
            .thenCompose(sent -> socket.async().receive())
            .thenApply(KeyValueClient::textOf)
            .orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS);
    // Closing the socket ends whatever stage is still waiting: a timeout or a cancellation of this
    // future does not reach the futures it depends on.
    answer.whenComplete((text, failure) -> socket.close());
    return answer;
  }

  /**
   * Puts many values at once.
   *
   * @param keysAndValues keys and their values in turn
   * @return a future that completes when all are stored, or one could not be
   */
  public CompletableFuture<Void> putAll(String... keysAndValues) {
    List<CompletableFuture<String>> puts =
        Stream.iterate(0, i -> i + 1 < keysAndValues.length, i -> i + 2)
            .map(i -> ask("put " + keysAndValues[i] + " " + keysAndValues[i + 1]))
            .toList();
    return CompletableFuture.allOf(puts.toArray(CompletableFuture<?>[]::new));
  }

  private static String textOf(Datagram answer) {
    try (answer) {
      return answer.text();
    }
  }
}

package dev.ancilla.examples;

import dev.ancilla.Datagram;
import dev.ancilla.Message;
import dev.ancilla.Sockets;
import dev.ancilla.UnixAddress;
import dev.ancilla.UnixDgramSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * Many clients that wait for their answers at the same time, each in plain blocking code on a
 * thread of its own. Where there are virtual threads, from JDK 21, they cost next to nothing.
 */
public final class ManyClients {
  private static final int CLIENTS = 100;
  private static final int QUESTIONS = 10;

  private ManyClients() {}

  /**
   * Runs the clients, and a server for them.
   *
   * @param args none
   * @throws Exception if a client fails
   */
  public static void main(String[] args) throws Exception {
    ExecutorService threads = threadPerTask();
    try (UnixDgramSocket server = Sockets.unixDgram().bind(UnixAddress.autobind())) {
      server.listen(
          (socket, question) ->
              socket.async().send(Message.of(question.bytes()).to(question.sender())));

      UnixAddress address = server.localAddress();
      List<Callable<Integer>> clients =
          Stream.generate(() -> (Callable<Integer>) () -> ask(address)).limit(CLIENTS).toList();
      int answers = 0;
      for (Future<Integer> client : threads.invokeAll(clients)) {
        answers += client.get();
      }
      System.out.println(answers + " answers for " + CLIENTS + " clients");
    } finally {
      threads.shutdownNow();
    }
  }

  private static int ask(UnixAddress server) throws IOException {
    int answers = 0;
    try (UnixDgramSocket socket = Sockets.unixDgram().bind(UnixAddress.autobind())) {
      socket.tryConnect(server);
      for (int i = 0; i < QUESTIONS; i++) {
        socket.blocking().send(Message.of("question " + i), Duration.ofSeconds(30));
        try (Datagram answer = socket.blocking().receive(Duration.ofSeconds(30))) {
          answers += answer.text().equals("question " + i) ? 1 : 0;
        }
      }
    }
    return answers;
  }

  /** By reflection, because this file is compiled for Java 17. */
  private static ExecutorService threadPerTask() {
    try {
      Object virtual = Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
      System.out.println("on virtual threads");
      return (ExecutorService) virtual;
    } catch (ReflectiveOperationException tooOld) {
      System.out.println("on a pool of platform threads: this JVM has no virtual ones");
      return Executors.newCachedThreadPool();
    }
  }
}

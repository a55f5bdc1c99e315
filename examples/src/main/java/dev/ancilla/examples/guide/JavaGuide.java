package dev.ancilla.examples.guide;

import dev.ancilla.Datagram;
import dev.ancilla.DgramSocket;
import dev.ancilla.Errno;
import dev.ancilla.IpFamily;
import dev.ancilla.Membership;
import dev.ancilla.Message;
import dev.ancilla.OwnedFd;
import dev.ancilla.SocketOpException;
import dev.ancilla.Sockets;
import dev.ancilla.Subscription;
import dev.ancilla.UdpSocket;
import dev.ancilla.UnixAddress;
import dev.ancilla.UnixDgramSocket;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** The snippets of docs/guide-java.md, which stand there word for word. GuideTest runs each. */
public final class JavaGuide {
  private JavaGuide() {}

  static void tryAndNeverWait(DgramSocket socket, UnixAddress target) throws IOException {
    boolean sent = socket.trySend(Message.of("now or not at all").to(target));
    try (Datagram message = socket.tryReceive()) {
      System.out.println(sent + ", " + (message == null ? "nothing yet" : message.text()));
    }
  }

  static void withADeadline(DgramSocket socket) throws IOException {
    try (Datagram message = socket.blocking().receive(Duration.ofMillis(50))) {
      System.out.println(message.text());
    } catch (SocketTimeoutException nothingCame) {
      System.out.println("nothing came, and the socket is open: " + socket.isOpen());
    }
  }

  static void interrupted(DgramSocket socket, ExecutorService threads) throws Exception {
    Future<?> waiting =
        threads.submit(
            () -> {
              try (Datagram message = socket.blocking().receive()) {
                System.out.println(message.text());
              }
              return null;
            });
    waiting.cancel(true); // Interrupts the thread. The call ends; the socket does not.
  }

  static CompletableFuture<String> futures(DgramSocket client, UnixAddress server) {
    return client
        .async()
        .send(Message.of("question").to(server))
        .thenCompose(sent -> client.async().receive().orTimeout(5, TimeUnit.SECONDS))
        .thenApply(
            answer -> {
              try (answer) {
                return answer.text();
              }
            });
  }

  static void cancelled(DgramSocket socket) {
    CompletableFuture<Datagram> receiving = socket.async().receive();
    if (receiving.cancel(false)) {
      System.out.println("received nothing; the next message goes to the next call");
    } else {
      receiving.join().close(); // It had just arrived, and is ours.
    }
  }

  static void answerWhoHasAName(UnixDgramSocket server) throws IOException {
    Subscription subscription =
        server.listen(
            (socket, message) -> {
              if (message.sender() == null) {
                System.out.println("no name, no answer: " + message.text());
              } else {
                Message answer = Message.of("got " + message.text()).to(message.sender());
                if (!socket.trySend(answer)) {
                  System.out.println("too slow for an answer: " + message.sender());
                }
              }
            });
    subscription.pause(); // Messages now wait in the kernel, and their senders with them.
    subscription.resume();
  }

  static void sendAcrossRestarts(DgramSocket socket, UnixAddress server, Message message)
      throws IOException {
    try {
      socket.blocking().send(message);
    } catch (SocketOpException e) {
      if (e.errno() != Errno.ECONNREFUSED && e.errno() != Errno.ENOTCONN) {
        throw e;
      }
      socket.tryConnect(server); // The same socket, the same name, the new server.
      socket.blocking().send(message);
    }
  }

  static void tellAGroup(InetAddress group) throws IOException {
    NetworkInterface loopback = UdpSocket.interfaceOf("127.0.0.1");
    try (UdpSocket listener = Sockets.udp().family(IpFamily.IPV4).bind(0);
        UdpSocket speaker = Sockets.udp().family(IpFamily.IPV4).open();
        Membership membership = listener.join(group, loopback)) {
      speaker.multicastInterface(loopback); // Else the routes decide, mostly for the network.
      int port = listener.localAddress().getPort();
      speaker.blocking().send(Message.of("to all").to(new InetSocketAddress(group, port)));

      try (Datagram message = listener.blocking().receive(Duration.ofSeconds(5))) {
        System.out.println(message.text() + " in " + membership.group().getHostAddress());
      }
    } // The group is left here.
  }

  static void passADescriptor(UnixDgramSocket left, UnixDgramSocket right) throws IOException {
    try (OwnedFd.Pipe pipe = OwnedFd.pipe()) {
      pipe.writer().outputStream().write("from a pipe".getBytes());
      left.blocking().send(Message.of("read this").with(pipe.reader()));
    } // Lent, not given: ours are closed here.

    try (Datagram message = right.blocking().receive(Duration.ofSeconds(5));
        OwnedFd reader = message.ancillary().take(); // From here on it is ours to close.
        InputStream content = reader.inputStream()) {
      System.out.println(message.text() + ": " + new String(content.readAllBytes()));
    }
  }
}

package dev.ancilla.examples;

import dev.ancilla.Datagram;
import dev.ancilla.DgramListener;
import dev.ancilla.DgramSocket;
import dev.ancilla.Message;
import dev.ancilla.Sockets;
import dev.ancilla.UnixAddress;
import dev.ancilla.UnixDgramSocket;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Tells news to whoever has sent it a message. A subscriber that is slow holds up no other: the
 * newest {@value #BACKLOG} of its news wait here. One that has gone away is forgotten.
 */
public final class Publisher implements DgramListener, AutoCloseable {
  /** How many news wait for one subscriber before the oldest are dropped. */
  public static final int BACKLOG = 100;

  private final UnixDgramSocket socket;
  private final Consumer<String> log;
  private final Map<SocketAddress, Subscriber> subscribers =
      new HashMap<>(); // of the loop's thread

  /** What waits for one subscriber. */
  private static final class Subscriber {
    final ArrayDeque<String> backlog = new ArrayDeque<>();
    boolean full;
    long dropped;
  }

  /**
   * Opens a publisher.
   *
   * @param address where to subscribe
   * @param log takes what happens to subscribers, on the event loop
   * @throws IOException if the address cannot be bound
   */
  public Publisher(UnixAddress address, Consumer<String> log) throws IOException {
    this.log = log;
    this.socket = Sockets.unixDgram().replaceStale().bind(address);
    socket.listen(this);
  }

  /**
   * Publishes the lines of the standard input, until its end.
   *
   * @param args the address
   * @throws IOException if the address cannot be bound
   */
  public static void main(String[] args) throws IOException {
    try (Publisher publisher = new Publisher(UnixAddress.parse(args[0]), System.out::println);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in))) {
      System.out.println("publishing at " + args[0]);
      lines.lines().forEach(publisher::publish);
    }
  }

  /**
   * Tells all subscribers; from any thread, and does not wait.
   *
   * @param news what to tell
   */
  public void publish(String news) {
    socket.eventLoop().execute(() -> tellAll(news));
  }

  private void tellAll(String news) {
    subscribers
        .entrySet()
        .removeIf(
            entry -> {
              Subscriber subscriber = entry.getValue();
              if (subscriber.backlog.size() == BACKLOG) {
                subscriber.backlog.remove();
                subscriber.dropped++;
              }
              subscriber.backlog.add(news);
              return !tell(entry.getKey(), subscriber);
            });
  }

  /** Sends what there is room for, and says whether the subscriber is still there. */
  private boolean tell(SocketAddress address, Subscriber subscriber) {
    try {
      if (subscriber.dropped > 0 && send(subscriber.dropped + " dropped", address, subscriber)) {
        subscriber.dropped = 0;
      }
      while (!subscriber.backlog.isEmpty()
          && send(subscriber.backlog.peek(), address, subscriber)) {
        subscriber.backlog.remove();
      }
      return true;
    } catch (IOException gone) {
      log.accept("gone " + address);
      return false;
    }
  }

  /** A try that finds no room is answered by {@link #onWritable}, once there is some. */
  private boolean send(String text, SocketAddress address, Subscriber subscriber)
      throws IOException {
    if (!subscriber.full) {
      subscriber.full = !socket.trySend(Message.of(text).to(address));
    }
    return !subscriber.full;
  }

  @Override
  public void onMessage(DgramSocket from, Datagram subscription) {
    SocketAddress address = subscription.sender();
    if (address != null && subscribers.putIfAbsent(address, new Subscriber()) == null) {
      log.accept("subscribed " + address);
    }
  }

  @Override
  public void onCongestion(DgramSocket from, SocketAddress address) {
    log.accept("slow " + address);
  }

  @Override
  public void onWritable(DgramSocket from, SocketAddress address) {
    Subscriber subscriber = subscribers.get(address);
    if (subscriber == null) {
      return;
    }
    subscriber.full = false;
    if (!tell(address, subscriber)) {
      subscribers.remove(address);
    }
  }

  /** Ends, once what was published before was told or has found no room. Not from the loop. */
  @Override
  public void close() {
    CompletableFuture.runAsync(socket::close, socket.eventLoop()).join();
  }
}

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Java that makes the system calls itself, with nothing above them: no object a message, nothing
 * that several threads could use, nobody who could end a wait, no check. What a library on the JVM
 * could reach.
 *
 * <p>{@code Bare ROLE STYLE MODE SIZE KIND SELF PEER}, as src/main/c/main.c reads it.
 */
public final class Bare {
  static final int CLOEXEC = 0x80000;
  static final int NONBLOCK = 0x800;
  static final ValueLayout.OfLong NUMBER =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final int AF_UNIX = 1;
  private static final int AF_INET = 2;
  private static final int STREAM = 1;
  private static final int DGRAM = 2;
  private static final int SOL_SOCKET = 1;
  private static final int SO_RCVBUF = 8;
  private static final int RECEIVE_BUFFER = 4 << 20;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int BATCH = 64;
  private static final int END_SIZE = 16;
  private static final byte DATA = 'D';
  private static final byte END = 'E';

  private final BufferedReader runner =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
  private final int size;
  private final int wait; // the flag of a call that does not
  private final int fd;
  private final Waits waits;

  private Bare(String[] words) throws Throwable {
    boolean active = words[0].equals("send") || words[0].equals("ping");
    String style = words[1];
    String mode = words[2];
    size = Integer.parseInt(words[3]);
    wait = style.equals("block") ? 0 : MSG_DONTWAIT;
    boolean connects = mode.equals("mutual") || active;
    fd = mode.equals("stream") ? stream(words, active) : datagrams(words, connects);
    waits = new Waits(fd, !style.equals("epoll") && !style.equals("mmsg"));
    say("ready");
  }

  private int datagrams(String[] words, boolean connects) throws Throwable {
    MemorySegment self = nameOf(words[5]);
    int made = open(self, DGRAM);
    if (family(self) == AF_INET) {
      MemorySegment room = Kernel.MEMORY.allocate(4, 4);
      room.set(ValueLayout.JAVA_INT, 0, RECEIVE_BUFFER);
      Kernel.setOption(made, SOL_SOCKET, SO_RCVBUF, room);
    }
    Kernel.bind(made, self);
    say("bound");
    heard();
    if (connects) {
      Kernel.connect(made, nameOf(words[6]));
    }
    return made;
  }

  private int stream(String[] words, boolean active) throws Throwable {
    MemorySegment name = nameOf(words[active ? 6 : 5]);
    int made = open(name, STREAM);
    if (!active) {
      Kernel.bind(made, name);
      Kernel.listen(made);
    }
    say("bound");
    heard();
    if (!active) {
      return Kernel.accept(made, CLOEXEC);
    }
    Kernel.connect(made, name);
    return made;
  }

  private static int open(MemorySegment name, int type) throws Throwable {
    return Kernel.socket(family(name), type | CLOEXEC);
  }

  private static int family(MemorySegment name) {
    return name.get(ValueLayout.JAVA_SHORT, 0);
  }

  /** A path, or HOST:PORT. */
  private static MemorySegment nameOf(String word) throws Exception {
    if (word.startsWith("/")) {
      MemorySegment name = Kernel.MEMORY.allocate(110, 8);
      name.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
      name.setString(2, word);
      return name;
    }
    MemorySegment name = Kernel.MEMORY.allocate(16, 8);
    int colon = word.indexOf(':');
    int port = Integer.parseInt(word.substring(colon + 1));
    name.set(ValueLayout.JAVA_SHORT, 0, (short) AF_INET);
    name.set(ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2, (short) port);
    byte[] host = InetAddress.getByName(word.substring(0, colon)).getAddress();
    MemorySegment.copy(host, 0, name, ValueLayout.JAVA_BYTE, 4, host.length);
    return name;
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private String heard() throws Exception {
    String line = runner.readLine();
    if (line == null) {
      System.exit(0);
    }
    return line;
  }

  private long millis() throws Exception {
    return Long.parseLong(heard().substring("go ".length()));
  }

  // One message at a time.

  /** Receives all of a message, which in a stream may come in parts. */
  private void take(Messages one) throws Throwable {
    int came;
    do {
      one.offer(1);
      came = Kernel.receive(fd, one.header(0), wait | MSG_CMSG_CLOEXEC);
      if (came < 0) {
        waits.awaitMessage();
      }
    } while (came < 0);
    if (came != size || one.first(0) != DATA) {
      throw new IllegalStateException("a message of " + came + " bytes, not " + size);
    }
  }

  private void put(Messages one) throws Throwable {
    while (Kernel.send(fd, one.payload(0), size, wait | MSG_NOSIGNAL) < 0) {
      waits.awaitRoom();
    }
  }

  private void echo() throws Throwable {
    Messages one = new Messages(1, size);
    while (true) {
      take(one);
      put(one);
    }
  }

  private void ping() throws Throwable {
    Messages question = new Messages(1, size);
    Messages answer = new Messages(1, size);
    question.fill(0, DATA);
    int[] trips = new int[1 << 20];
    while (true) {
      long length = millis() * 1_000_000;
      long started = System.nanoTime();
      round(question, answer, trips, started, started + length);
    }
  }

  private void round(Messages question, Messages answer, int[] trips, long started, long until)
      throws Throwable {
    int count = 0;
    long before = started;
    while (before - until < 0 && count < trips.length) {
      put(question);
      take(answer);
      long after = System.nanoTime();
      trips[count++] = (int) (after - before);
      before = after;
    }
    Arrays.sort(trips, 0, count);
    long nanos = before - started;
    int p50 = trips[count / 2];
    int p99 = trips[count * 99 / 100];
    say("done count=" + count + " nanos=" + nanos + " p50=" + p50 + " p99=" + p99);
  }

  // Batches.

  private void receive() throws Throwable {
    Messages batch = new Messages(BATCH, Math.max(size, END_SIZE));
    long count = 0;
    long bytes = 0;
    while (true) {
      batch.offer(BATCH);
      int came = Kernel.receiveMany(fd, batch.header(0), BATCH, wait | MSG_CMSG_CLOEXEC);
      if (came < 0) {
        waits.awaitMessage();
      }
      for (int i = 0; i < came; i++) {
        if (!batch.hasSender(i)) {
          throw new IllegalStateException("a message without a sender");
        }
        if (batch.first(i) == DATA) {
          count++;
          bytes += batch.sizeOf(i);
        } else {
          say("got count=" + count + " sent=" + batch.number(i) + " bytes=" + bytes);
          count = 0;
          bytes = 0;
        }
      }
    }
  }

  private void send() throws Throwable {
    Messages batch = new Messages(BATCH, size);
    Messages last = new Messages(1, END_SIZE);
    for (int i = 0; i < BATCH; i++) {
      batch.fill(i, DATA);
    }
    last.fill(0, END);
    while (true) {
      long length = millis() * 1_000_000;
      long started = System.nanoTime();
      long count = 0;
      for (; System.nanoTime() - started < length; count += BATCH) {
        put(batch, BATCH);
      }
      last.number(0, count);
      put(last, 1);
      say("done count=" + count + " nanos=" + (System.nanoTime() - started));
    }
  }

  private void put(Messages batch, int count) throws Throwable {
    for (int sent = 0; sent < count; ) {
      int more = Kernel.sendMany(fd, batch.header(sent), count - sent, wait | MSG_NOSIGNAL);
      sent += Math.max(0, more);
      if (sent < count) {
        waits.awaitRoom();
      }
    }
  }

  /** Makes what the runner asked for. */
  public static void main(String[] words) {
    try {
      Bare bare = new Bare(words);
      switch (words[0]) {
        case "receive" -> bare.receive();
        case "send" -> bare.send();
        case "echo" -> bare.echo();
        case "ping" -> bare.ping();
        default -> throw new IllegalArgumentException("no role " + words[0]);
      }
    } catch (Throwable failure) {
      say("failed " + failure);
      System.exit(1);
    }
  }
}

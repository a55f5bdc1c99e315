package dev.ancilla.benchmarks.inside;

import dev.ancilla.Datagram;
import dev.ancilla.ReceiveBatch;
import dev.ancilla.SendBatch;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a call costs and allocates, system calls included. A message that is received was sent in
 * the same operation, so that what sending allocates is in it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class Calls {
  /** Batches for a line. */
  @State(Scope.Benchmark)
  public static class Batches {
    ReceiveBatch incoming;
    SendBatch outgoing;

    @Setup
    public void make(Line line) {
      incoming = line.receiver.newReceiveBatch(Line.MESSAGES, 64);
      outgoing = line.sender.newSendBatch(Line.MESSAGES, 64);
    }

    @TearDown
    public void close() {
      incoming.close();
      outgoing.close();
    }
  }

  /** An attempt that finds nothing. */
  @Benchmark
  public Datagram attempt(Line line) throws IOException {
    return line.receiver.tryReceive();
  }

  /** One message, from send to payload, as objects. */
  @Benchmark
  public int sendAndTryReceive(Line line) throws IOException {
    line.send();
    try (Datagram datagram = line.receiver.tryReceive()) {
      return datagram.payload().get(0);
    }
  }

  /** A message of a batch, from send to payload. */
  @Benchmark
  @OperationsPerInvocation(Line.MESSAGES)
  public int sendAndReceiveBatch(Line line, Batches batches) throws IOException {
    while (batches.outgoing.add(line.payload.rewind(), null)) {
      continue;
    }
    while (batches.outgoing.count() > 0) {
      line.sender.trySend(batches.outgoing);
    }
    int sum = 0;
    for (int left = Line.MESSAGES; left > 0; ) {
      int count = line.receiver.tryReceive(batches.incoming);
      for (int i = 0; i < count; i++) {
        sum += batches.incoming.payload(i).get(0);
      }
      left -= count;
    }
    return sum;
  }

  /** One message, sent and received by a coroutine on the loop's thread. */
  @Benchmark
  @OperationsPerInvocation(SuspendingKt.MESSAGES)
  public int sendAndReceiveSuspending(Line line) {
    return SuspendingKt.exchange(line);
  }
}

package dev.ancilla.engine;

import dev.ancilla.BlockingDgram;
import dev.ancilla.Datagram;
import dev.ancilla.Message;
import dev.ancilla.ReceiveBatch;
import dev.ancilla.SendBatch;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.Pending;
import dev.ancilla.spi.PendingSend;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The calls of a message socket, waited for on the calling thread. */
final class BlockingView implements BlockingDgram {
  private final OpenDgram socket;

  BlockingView(OpenDgram socket) {
    this.socket = socket;
  }

  private <T> T call(
      String operation,
      @Nullable SocketAddress target,
      @Nullable Duration timeout,
      Attempts.Attempt<T> attempt,
      BlockingCall.Waiting waiting)
      throws IOException {
    return BlockingCall.call(socket, operation, target, timeout, attempt, waiting);
  }

  @Override
  public Datagram receive(@Nullable Duration timeout) throws IOException {
    return call(
        "receive",
        null,
        timeout,
        socket::tryReceive,
        deadline -> socket.transport.await(Interest.READ, deadline));
  }

  @Override
  public void send(Message message, @Nullable Duration timeout) throws IOException {
    try (PendingSend send = socket.beginSend(message)) {
      call("send", message.target(), timeout, () -> send.attempt() ? true : null, send::await);
    }
  }

  @Override
  public void send(ByteBuffer payload, @Nullable SocketAddress target) throws IOException {
    send(Message.of(payload).to(target));
    payload.position(payload.limit());
  }

  @Override
  public int receiveBatch(ReceiveBatch batch, @Nullable Duration timeout) throws IOException {
    return call(
        "receive",
        null,
        timeout,
        () -> {
          int count = socket.tryReceive(batch);
          return count == 0 ? null : count;
        },
        deadline -> socket.transport.await(Interest.READ, deadline));
  }

  @Override
  public void send(SendBatch batch, @Nullable Duration timeout) throws IOException {
    try (PendingSend send = socket.beginSend(batch)) {
      call("send", null, timeout, () -> send.attempt() ? true : null, send::await);
    }
  }

  @Override
  public void bind(SocketAddress address, @Nullable Duration timeout) throws IOException {
    socket.bind(resolved("bind", address, timeout));
  }

  @Override
  public void connect(SocketAddress address, @Nullable Duration timeout) throws IOException {
    SocketAddress known = resolved("connect", address, timeout);
    Pending<Boolean> connecting = socket.connecting(known);
    if (connecting == null) {
      socket.tryConnect(known);
    } else {
      BlockingCall.call(socket, "connect", known, timeout, connecting);
    }
  }

  private SocketAddress resolved(
      String operation, SocketAddress address, @Nullable Duration timeout) throws IOException {
    Deadline.after(timeout);
    Lookup lookup = socket.lookup(address);
    if (lookup == null) {
      return address;
    }
    try (lookup) {
      return call(
          operation,
          address,
          timeout,
          () -> lookup.isDone() ? lookup.result() : null,
          lookup::await);
    }
  }
}

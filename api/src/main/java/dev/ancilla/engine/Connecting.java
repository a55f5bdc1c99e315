package dev.ancilla.engine;

import dev.ancilla.UnixConnection;
import dev.ancilla.spi.Pending;
import dev.ancilla.spi.Wait;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connect that waits while the server's backlog is full. Nothing tells when it is not: the socket
 * polls writable and hung up all the while ({@code unix_stream_connect} of net/unix/af_unix.c gives
 * up with EAGAIN and leaves nothing behind). So it tries again, at first soon.
 */
final class Connecting implements Pending<Boolean> {
  private static final long LONGEST_MILLIS = 32;

  private final UnixConnection socket;
  private final SocketAddress address;
  private long millis = 1;

  Connecting(UnixConnection socket, SocketAddress address) {
    this.socket = socket;
    this.address = address;
  }

  @Override
  public @Nullable Boolean attempt() throws IOException {
    return socket.tryConnect(address) ? true : null;
  }

  @Override
  public Wait arm(Runnable wake) {
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS, socket.eventLoop())
        .execute(wake);
    millis = Math.min(2 * millis, LONGEST_MILLIS);
    return () -> {};
  }

  @Override
  public void close() {}
}

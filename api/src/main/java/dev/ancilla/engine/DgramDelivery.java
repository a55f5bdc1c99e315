package dev.ancilla.engine;

import dev.ancilla.Datagram;
import dev.ancilla.DgramListener;
import dev.ancilla.DgramSocket;
import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Messages to their listener. */
record DgramDelivery(DgramSocket socket, DgramListener listener) implements Delivery<Datagram> {
  @Override
  public @Nullable Datagram take() throws IOException {
    return socket.tryReceive();
  }

  @Override
  public void give(Datagram datagram) throws Exception {
    try (datagram) {
      listener.onMessage(socket, datagram);
    }
  }

  @Override
  public void failed(Throwable error) {
    listener.onError(socket, error);
  }

  @Override
  public void congested(@Nullable SocketAddress target) {
    listener.onCongestion(socket, target);
  }

  @Override
  public void writable(@Nullable SocketAddress target) {
    listener.onWritable(socket, target);
  }

  @Override
  public void closed() {
    listener.onClose(socket);
  }
}

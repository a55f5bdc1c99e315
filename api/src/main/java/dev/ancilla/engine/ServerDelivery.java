package dev.ancilla.engine;

import dev.ancilla.ServerListener;
import dev.ancilla.SocketOpException;
import dev.ancilla.UnixConnection;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Connections to their listener. */
record ServerDelivery<S extends UnixConnection>(OpenServer<S> server, ServerListener<S> listener)
    implements Delivery<S> {
  @Override
  public @Nullable S take() throws IOException {
    try {
      return server.tryAccept();
    } catch (SocketOpException e) {
      server.backOff(); // An error that stays must not come again at once.
      throw e;
    }
  }

  @Override
  public void give(S connection) throws Exception {
    boolean given = false;
    try {
      listener.onConnection(server, connection);
      given = true;
    } finally {
      if (!given) {
        connection.close();
      }
    }
  }

  @Override
  public void failed(Throwable error) {
    listener.onError(server, error);
  }

  @Override
  public void closed() {
    listener.onClose(server);
  }
}

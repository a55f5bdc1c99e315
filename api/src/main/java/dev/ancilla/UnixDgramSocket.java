package dev.ancilla;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * A Unix datagram socket: reliable, ordered messages between processes of one machine, with
 * descriptors beside them.
 *
 * <p>A peer that must answer has to be bound: only then does a message tell its sender. {@link
 * UnixDgramBuilder#bind} with {@link UnixAddress#autobind()} chooses a name.
 *
 * <pre>{@code
 * UnixAddress address = UnixAddress.path("/run/example.sock");
 * try (UnixDgramSocket server = Sockets.unixDgram().maxDescriptors(1).bind(address);
 *     Datagram datagram = server.blocking().receive();
 *     OwnedFd file = datagram.ancillary().take();
 *     InputStream content = file.inputStream()) {
 *   content.transferTo(System.out);
 * }
 * }</pre>
 */
public interface UnixDgramSocket extends DgramSocket {
  @Override
  UnixAddress localAddress() throws IOException;

  @Override
  @Nullable UnixAddress remoteAddress() throws IOException;

  /**
   * Returns how many descriptors a message may bring.
   *
   * @return what {@link UnixDgramBuilder#maxDescriptors} asked for; what comes beyond is closed
   * @throws ClosedChannelException if this socket is closed
   */
  int maxDescriptors() throws ClosedChannelException;
}

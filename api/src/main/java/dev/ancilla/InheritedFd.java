package dev.ancilla;

import dev.ancilla.spi.SocketKind;
import org.jspecify.annotations.Nullable;

/**
 * A descriptor that this process was started with, as {@link Sockets#inherited()} found it.
 *
 * <p><b>Ownership.</b> Whoever asked for it closes it, or has it adopted, which closes it too.
 *
 * <pre>{@code
 * for (InheritedFd inherited : Sockets.inherited()) {
 *   if (inherited.name().equals("door")) {
 *     Server<StreamSocket> server = Sockets.unixServer().adopt(inherited.descriptor());
 *     System.out.println("serving at " + server.localAddress());
 *   } else {
 *     inherited.close();
 *   }
 * }
 * }</pre>
 *
 * @param name what the supervisor calls it; {@code unknown} if it gave no names
 * @param descriptor the descriptor, close-on-exec, owned by the caller
 * @param kind the builder that adopts it: {@link Sockets#unixDgram()}, {@link Sockets#udp()}, for a
 *     stream {@link Sockets#unixStream()} or {@link Sockets#unixServer()}, and likewise for
 *     sequenced packets; {@code null} for what none of them adopts, such as a TCP socket or a pipe
 * @param listens whether it is a server's: a socket that listens for connections
 */
public record InheritedFd(
    String name, OwnedFd descriptor, @Nullable SocketKind kind, boolean listens)
    implements AutoCloseable {
  /** Closes the descriptor, unless it was adopted. Idempotent. */
  @Override
  public void close() {
    descriptor.close();
  }
}

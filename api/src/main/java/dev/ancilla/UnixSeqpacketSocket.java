package dev.ancilla;

import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A Unix sequenced-packet socket: messages that arrive whole and apart from the others, as
 * datagrams do, over a connection with a peer and an end, as a stream's.
 *
 * <p><b>How it differs from datagrams.</b> It sends to its peer only: a message with a target is
 * refused. It needs {@link #tryConnect}, or a {@link Server} that accepted it, and cannot be
 * disconnected, only closed. A peer that is too slow makes the sender wait when the send buffer is
 * full. Messages tell the name of the peer, if it has one, as their sender, and when the kernel
 * took them.
 *
 * <p><b>The end.</b> When the peer has closed its socket or shut its output down, and everything it
 * sent was received, receiving throws {@link java.io.EOFException}, in every style and each time; a
 * listener's subscription is closed instead, and a flow completes. A peer that closes without
 * having received everything adds one {@code ECONNRESET} before that. An empty message is not the
 * end: the kernel reports both as 0 bytes, but puts the time beside messages only ({@code
 * SO_TIMESTAMPNS}, {@code unix_dgram_recvmsg} of net/unix/af_unix.c), which is therefore always
 * asked for, also of a socket that is adopted and shared with other processes.
 *
 * <p><b>Platforms.</b> {@code ancilla-native-ffm}.
 *
 * <pre>{@code
 * UnixAddress address = UnixAddress.path("/run/example.sock");
 * try (UnixSeqpacketSocket socket = Sockets.unixSeqpacket().maxDescriptors(1).connect(address)) {
 *   socket.blocking().send(Message.of("open the door"));
 *   try (Datagram answer = socket.blocking().receive();
 *       OwnedFd door = answer.ancillary().take()) {
 *     System.out.println(answer.text() + ", and " + door);
 *   }
 * }
 * }</pre>
 */
public interface UnixSeqpacketSocket extends DgramSocket, UnixConnection {
  @Override
  UnixAddress localAddress() throws IOException;

  @Override
  @Nullable UnixAddress remoteAddress() throws IOException;

  /**
   * Tries to connect without waiting. A socket is connected once.
   *
   * @param address the server's address, a {@link UnixAddress} or the JDK's
   * @return {@code false} if the server's backlog is full
   * @throws java.nio.channels.AlreadyConnectedException if this socket is connected
   * @throws java.nio.channels.ClosedChannelException if this socket is closed
   * @throws SocketOpException as {@link UnixConnection#tryConnect} describes
   * @throws IOException if it fails otherwise
   */
  @Override
  boolean tryConnect(SocketAddress address) throws IOException;
}

package dev.ancilla;

import dev.ancilla.spi.PendingSend;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * A socket for messages: each arrives whole and apart from the others, or not at all.
 *
 * <p>It covers Unix datagrams and UDP. What differs:
 *
 * <table>
 *   <caption>Unix datagrams and UDP</caption>
 *   <thead>
 *     <tr><th></th><th>Unix datagrams</th><th>UDP</th></tr>
 *   </thead>
 *   <tbody>
 *     <tr><td>loss</td><td>none on Linux</td><td>any message may vanish</td></tr>
 *     <tr><td>order</td><td>kept</td><td>not promised</td></tr>
 *     <tr><td>a full receiver</td><td>makes the sender wait</td><td>loses messages</td></tr>
 *     <tr><td>the sender's address</td><td>absent unless it bound</td><td>always there</td></tr>
 *     <tr><td>nobody at the target</td><td>an error of the send</td>
 *         <td>told to connected sockets, later</td></tr>
 *     <tr><td>sending elsewhere while connected</td><td>allowed</td><td>refused</td></tr>
 *     <tr><td>largest message</td><td>the send buffer less 32 bytes</td>
 *         <td>65,507 bytes over IPv4, 65,527 over IPv6</td></tr>
 *     <tr><td>descriptors, credentials</td><td>yes</td><td>no</td></tr>
 *   </tbody>
 * </table>
 *
 * <p>{@link UnixSeqpacketSocket} has messages over a connection, and says itself how it differs.
 *
 * <p>The members here try and never wait. {@link #blocking()} and {@link #async()} wait; Kotlin
 * programs call the suspending extensions of {@code dev.ancilla.coroutines}.
 *
 * <pre>{@code
 * InetAddress loopback = InetAddress.getLoopbackAddress();
 * try (DgramSocket socket = Sockets.udp().bind(new InetSocketAddress(loopback, 0))) {
 *   boolean sent = socket.trySend(Message.of("to myself").to(socket.localAddress()));
 *   System.out.println(sent ? "sent" : "it would have to wait");
 *   try (Datagram datagram = socket.tryReceive()) {
 *     System.out.println(datagram == null ? "nothing yet" : datagram.text());
 *   }
 * }
 * }</pre>
 */
public interface DgramSocket extends Socket {
  /**
   * Binds this socket to an address, at which it can then be reached.
   *
   * @param address the address
   * @throws java.nio.channels.AlreadyBoundException if this socket has an address
   * @throws ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses: {@code EADDRINUSE} if anything is at the path,
   *     {@code ENOENT} if its directory is missing, {@code EACCES} without permission; this socket
   *     can then be bound elsewhere
   * @throws IOException if it fails otherwise
   */
  void bind(SocketAddress address) throws IOException;

  /**
   * Connects this socket to a peer: sends without a target go there, and only messages from there
   * are received. Connecting a datagram socket does not wait. A connected Unix socket is connected
   * anew, for instance after the server was restarted.
   *
   * <p>Messages that had arrived and that nobody had received yet are dropped when a connected Unix
   * socket is connected to another peer, by the kernel, and when a UDP socket is connected, by the
   * JDK.
   *
   * @param address the peer
   * @return {@code true}
   * @throws java.nio.channels.AlreadyConnectedException if this is a UDP socket and connected
   * @throws ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses: {@code ENOENT} or {@code ECONNREFUSED} if
   *     nobody is there, {@code EPROTOTYPE} if a stream socket is; this socket stays as it was
   * @throws IOException if it fails otherwise
   */
  boolean tryConnect(SocketAddress address) throws IOException;

  /**
   * Dissolves the connection. This socket keeps its name, and receives from everybody again. Does
   * nothing if this socket is not connected. The kernel drops messages that had arrived at a Unix
   * socket and that nobody had received yet.
   *
   * @throws UnsupportedFeatureException without {@link Feature#DISCONNECT}
   * @throws ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses
   * @throws IOException if it fails otherwise
   */
  void disconnect() throws IOException;

  /**
   * Tries to receive one message without waiting.
   *
   * @return the message, which the caller closes, or {@code null} if there is none yet
   * @throws java.io.EOFException if the peer of a {@link UnixSeqpacketSocket} has ended the
   *     connection
   * @throws ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses; this socket can be used further
   * @throws IOException if it fails otherwise
   */
  @Nullable Datagram tryReceive() throws IOException;

  /**
   * Tries to send one message without waiting: whole or not at all. Descriptors are lent: the
   * kernel duplicates them and the caller still closes its own.
   *
   * @param message the message; without a target it goes to the connected peer
   * @return {@code false} if the message would have to wait
   * @throws IllegalArgumentException if a descriptor of the message is closed, or it has more than
   *     253
   * @throws UnsupportedFeatureException if it has descriptors and this socket cannot pass them
   * @throws ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses, with the target and the errno; this socket can
   *     be used further
   * @throws IOException if it fails otherwise
   */
  boolean trySend(Message message) throws IOException;

  /**
   * Tries to send one datagram without waiting, as {@link #trySend(Message)} does.
   *
   * @param payload the bytes; consumed on success, untouched otherwise
   * @param target where to, or {@code null} for the connected peer
   * @return {@code false} if the message would have to wait
   * @throws ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses, with the target and the errno; this socket can
   *     be used further
   * @throws IOException if it fails otherwise
   */
  boolean trySend(ByteBuffer payload, @Nullable SocketAddress target) throws IOException;

  /**
   * Makes a batch for receiving, with room for 2 KiB of each message. A longer one arrives whole
   * all the same, at the price of an allocation.
   *
   * @param messages how many messages it can hold, 1 to 1,024
   * @return the batch, owned by the caller, for any socket of this provider
   */
  default ReceiveBatch newReceiveBatch(int messages) {
    return newReceiveBatch(messages, 2048);
  }

  /**
   * Makes a batch for receiving.
   *
   * @param messages how many messages it can hold, 1 to 1,024
   * @param bytes how many bytes of each there is room for, at most 1 MiB; longer messages arrive
   *     whole all the same, at the price of an allocation
   * @return the batch, owned by the caller, for any socket of this provider
   */
  ReceiveBatch newReceiveBatch(int messages, int bytes);

  /**
   * Tries to receive what is there, as much as fits, without waiting. What the batch held is
   * dropped.
   *
   * @param batch where to
   * @return how many messages came; 0 if there is none yet
   * @throws IllegalArgumentException if the batch is of another provider
   * @throws IllegalStateException if the batch is closed
   * @throws ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses; this socket can be used further
   * @throws IOException if it fails otherwise
   */
  int tryReceive(ReceiveBatch batch) throws IOException;

  /**
   * Makes a batch for sending, with room for 2 KiB of each message. A longer one is sent all the
   * same, at the price of an allocation.
   *
   * @param messages how many messages it can hold, 1 to 1,024
   * @return the batch, owned by the caller, for the sockets that {@link #newSendBatch(int, int)}
   *     names
   */
  default SendBatch newSendBatch(int messages) {
    return newSendBatch(messages, 2048);
  }

  /**
   * Makes a batch for sending. It checks targets as this socket does, and so is for this socket and
   * others of its kind and provider; but a {@link UnixSeqpacketSocket}, and a UDP socket with
   * {@link UdpBuilder#allowTargets} or {@link UdpBuilder#allowSenders}, sends its own batches only.
   *
   * @param messages how many messages it can hold, 1 to 1,024
   * @param bytes how many bytes of each there is room for, at most 1 MiB; longer messages are sent
   *     all the same, at the price of an allocation
   * @return the batch, owned by the caller
   */
  SendBatch newSendBatch(int messages, int bytes);

  /**
   * Tries to send the messages of a batch, in order, without waiting. Those that were sent leave
   * it.
   *
   * @param batch the messages
   * @return how many were sent; if some are left, the first of them would have to wait, or fails
   * @throws IllegalArgumentException if the batch is of another provider, or of a socket whose
   *     batches {@linkplain #newSendBatch(int, int) are not for this one}
   * @throws IllegalStateException if the batch is closed
   * @throws ClosedChannelException if this socket is closed
   * @throws SocketOpException if the kernel refuses the first message, which stays in the batch
   * @throws IOException if it fails otherwise
   */
  int trySend(SendBatch batch) throws IOException;

  /**
   * Returns how many sends have not ended; normally those that wait for room.
   *
   * @return the number of sends that were started, in any calling style, and have not ended
   * @throws ClosedChannelException if this socket is closed
   */
  int queuedSends() throws ClosedChannelException;

  /**
   * Returns how many bytes the sends have that have not ended.
   *
   * @return the payload bytes of {@link #queuedSends()}
   * @throws ClosedChannelException if this socket is closed
   */
  long queuedBytes() throws ClosedChannelException;

  /**
   * Begins a send that may have to wait; for those who build a calling style of their own. Checks
   * the message and holds its descriptors, so that the sender may close them early.
   *
   * @param message the message
   * @return the send, to be closed by the caller when it has ended, either way
   * @throws IllegalArgumentException if a descriptor of the message is closed, or it has more than
   *     253, or the target is no address of this kind of socket
   * @throws UnsupportedFeatureException if it has descriptors and this socket cannot pass them
   * @throws ClosedChannelException if this socket is closed
   * @throws SocketOpException {@code EPERM} if the program said that the target is not to be
   *     reached
   * @throws IOException if it fails otherwise
   */
  PendingSend beginSend(Message message) throws IOException;

  /**
   * Begins to send a batch, which may have to wait; for those who build a calling style of their
   * own. An attempt sends what has room and succeeds when nothing is left.
   *
   * @param batch the messages; what was sent leaves it
   * @return the send, to be closed by the caller when it has ended, either way
   * @throws IllegalArgumentException if the batch is of another provider, or of a socket whose
   *     batches {@linkplain #newSendBatch(int, int) are not for this one}
   * @throws IllegalStateException if the batch is closed; an attempt throws it too if messages are
   *     left then
   * @throws ClosedChannelException if this socket is closed
   */
  PendingSend beginSend(SendBatch batch) throws ClosedChannelException;

  /**
   * Returns the view whose calls wait on the calling thread.
   *
   * @return the blocking view of this socket
   */
  BlockingDgram blocking();

  /**
   * Returns the view whose calls return futures.
   *
   * @return the asynchronous view of this socket
   */
  AsyncDgram async();

  /**
   * Delivers messages to a listener, on the event loop. The messages of a socket go to whoever asks
   * first: a listener does not get what another call received.
   *
   * @param listener the callbacks
   * @return the subscription, with which delivery is paused, resumed and ended
   * @throws ClosedChannelException if this socket is closed
   */
  Subscription listen(DgramListener listener) throws ClosedChannelException;
}

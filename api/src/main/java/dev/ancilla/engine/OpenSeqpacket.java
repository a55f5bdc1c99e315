package dev.ancilla.engine;

import dev.ancilla.UnixAddress;
import dev.ancilla.UnixSeqpacketSocket;
import dev.ancilla.spi.ConnectionTransport;
import dev.ancilla.spi.DgramTransport;
import dev.ancilla.spi.Pending;
import dev.ancilla.spi.SeqpacketTransport;
import dev.ancilla.spi.ServerTransport;
import java.io.IOException;
import java.net.SocketAddress;

/** An open Unix sequenced-packet socket. */
public final class OpenSeqpacket extends OpenUnixMessages
    implements UnixSeqpacketSocket, OpenConnection {
  private final SeqpacketTransport connection;

  /**
   * Creates the socket over its transport.
   *
   * @param opened the transport, a {@link SeqpacketTransport}, owned by the socket
   */
  public OpenSeqpacket(Opening.Opened<DgramTransport> opened) {
    super(opened, new SeqpacketRules(), new Binding(Binding.MODE_OF_UMASK, false, true));
    this.connection = (SeqpacketTransport) opened.transport();
  }

  /**
   * Creates the socket of a connection.
   *
   * @param server who accepted it
   * @param accepted the connection, a {@link SeqpacketTransport}, owned by the socket
   * @return the socket
   */
  public static UnixSeqpacketSocket accepted(
      Opening.Opened<ServerTransport> server, ConnectionTransport accepted) {
    return new OpenSeqpacket(server.with((SeqpacketTransport) accepted));
  }

  /** Not asked: whoever binds removes nothing. */
  @Override
  boolean answers(UnixAddress address) {
    return true;
  }

  @Override
  boolean connectOpen(SocketAddress address) throws IOException {
    return connection.tryConnect(address);
  }

  @Override
  public Pending<Boolean> beginConnect(SocketAddress address) throws IOException {
    checkOpen("connect", address);
    return new Connecting(this, rules.forTarget("connect", address));
  }

  @Override
  Pending<Boolean> connecting(SocketAddress address) throws IOException {
    return beginConnect(address);
  }

  @Override
  public OpenSeqpacket socket() {
    return this;
  }

  @Override
  public SeqpacketTransport connection() {
    return connection;
  }
}

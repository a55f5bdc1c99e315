package dev.ancilla.spi;

/**
 * The attempts of one sequenced-packet socket: those of messages, over a connection.
 *
 * <p>An attempt to receive that meets the end of the connection throws {@link
 * java.io.EOFException}, each time; an empty message is not the end. Targets of messages are {@code
 * null}. It is connected by {@link #tryConnect} and not by {@link DgramTransport#connect}, and
 * never disconnected.
 */
public interface SeqpacketTransport extends DgramTransport, ConnectionTransport {}

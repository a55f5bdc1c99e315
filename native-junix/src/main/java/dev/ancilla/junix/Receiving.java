package dev.ancilla.junix;

import dev.ancilla.Ancillary;
import dev.ancilla.Datagram;
import dev.ancilla.OwnedFd;
import dev.ancilla.UnixAddress;
import java.io.FileDescriptor;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Receiving one message: its size first, then its bytes, its sender and its descriptors.
 *
 * <p>It goes through the packet call of junixsocket. The channel's call says {@code null} for a
 * message of an unnamed sender, for an empty message and for none at all, and an interrupt inside
 * it closes the channel; the packet call has neither fault.
 */
final class Receiving {
  private final Worker worker;
  private final Addresses addresses;
  private final int maxDescriptors;

  Receiving(Worker worker, Addresses addresses, int maxDescriptors) {
    this.worker = worker;
    this.addresses = addresses;
    this.maxDescriptors = maxDescriptors;
  }

  /** Called by one thread at a time: nobody else may take the message between size and bytes. */
  @Nullable Datagram tryReceive(int limit) throws IOException {
    int size = worker.nextSize();
    if (size == 0) {
      switch (peek()) {
        case NOTHING:
          return null;
        case EMPTY:
          return receiveEmpty();
        case MESSAGE:
          size = worker.nextSize(); // It came just now.
      }
    }
    // One byte more than it should need: if that is filled, another process took the message whose
    // size we were told, and this one may be longer than what we see.
    byte[] bytes = new byte[size < limit ? size + 1 : limit];
    DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
    worker.channel.socket().receive(packet);
    int received = packet.getLength();
    int sent = size < limit && received > size ? received + 1 : Math.max(size, received);
    Ancillary ancillary = takeDescriptors();
    return new Datagram(
        ByteBuffer.wrap(bytes, 0, received),
        addresses.ofSender(packet.getAddress()),
        ancillary,
        sent);
  }

  private enum Next {
    NOTHING,
    EMPTY,
    MESSAGE
  }

  private Next peek() throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[1], 1);
    try {
      worker.channel.socket().peek(packet);
      return packet.getLength() == 0 ? Next.NOTHING : Next.MESSAGE;
    } catch (SocketTimeoutException empty) {
      return Next.EMPTY;
    } finally {
      // Looking installs the descriptors of the message, and receiving it installs them again.
      takeDescriptors().close();
    }
  }

  private Datagram receiveEmpty() throws IOException {
    UnixAddress sender = null;
    Internals internals = Internals.get();
    if (internals != null) {
      ByteBuffer sockaddr = ByteBuffer.allocateDirect(Internals.SOCKADDR_SIZE);
      internals.receiveEmpty(worker.channel.socket(), worker.descriptor(), sockaddr);
      sender = Addresses.ofSockaddr(sockaddr);
    } else {
      try {
        worker.channel.socket().receive(new DatagramPacket(new byte[1], 1));
      } catch (SocketTimeoutException empty) {
        // So the packet call says it was empty.
      }
    }
    return new Datagram(ByteBuffer.allocate(0), sender, takeDescriptors(), 0);
  }

  /**
   * junixsocket closes the descriptors it handed out when the socket that received them closes, and
   * leaves them open across exec: so each is duplicated, which is neither, and the first one
   * closed.
   */
  private Ancillary takeDescriptors() throws IOException {
    if (maxDescriptors == 0) {
      return Ancillary.none();
    }
    FileDescriptor[] received = worker.channel.getReceivedFileDescriptors();
    if (received.length == 0) {
      return Ancillary.none();
    }
    List<OwnedFd> kept = new ArrayList<>(received.length);
    boolean truncated = false;
    for (FileDescriptor descriptor : received) {
      if (kept.size() < maxDescriptors && !truncated) {
        try {
          kept.add(OwnedFd.wrap(JunixFd.duplicateOf(descriptor)));
        } catch (IOException outOfDescriptors) {
          truncated = true;
        }
      } else {
        truncated = true;
      }
      JunixFd.close(descriptor);
    }
    return Ancillary.received(kept, null, truncated);
  }
}

package dev.ancilla.junix;

import dev.ancilla.Ancillary;
import dev.ancilla.Datagram;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Receiving one message: its size first, then its bytes, its sender and its descriptors. */
final class Receiving {
  private final DgramWorker worker;
  private final int maxDescriptors;

  Receiving(DgramWorker worker, int maxDescriptors) {
    this.worker = worker;
    this.maxDescriptors = maxDescriptors;
  }

  /** Called by one thread at a time: nobody else may take the message between size and bytes. */
  @Nullable Datagram tryReceive(int limit) throws IOException {
    int size = worker.nextSize();
    if (size == 0) {
      int next = worker.receiveCall.peek();
      if (next == ReceiveCall.NOTHING) {
        return null;
      }
      size = worker.nextSize(); // It is empty, or it came just now.
    }
    // One byte more than it should need: if that is filled, another process took the message whose
    // size we were told, and this one may be longer than what we see.
    byte[] bytes = new byte[size < limit ? size + 1 : limit];
    int count = worker.receiveCall.receive(bytes);
    if (count == ReceiveCall.NOTHING) {
      return null; // Another process took it.
    }
    int received = Math.max(count, 0);
    int sent = size < limit && received > size ? received + 1 : Math.max(size, received);
    // Before its sender: whatever that is, they must not ride with the next message.
    Ancillary descriptors = takeDescriptors();
    boolean done = false;
    try {
      Datagram datagram =
          new Datagram(
              ByteBuffer.wrap(bytes, 0, received),
              worker.receiveCall.sender(),
              descriptors,
              count == ReceiveCall.EMPTY ? 0 : sent);
      done = true;
      return datagram;
    } finally {
      if (!done) {
        descriptors.close();
      }
    }
  }

  private Ancillary takeDescriptors() throws IOException {
    return maxDescriptors == 0
        ? Ancillary.none()
        : Received.take(worker.channel.getReceivedFileDescriptors(), maxDescriptors, false);
  }
}

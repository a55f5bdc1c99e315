package dev.ancilla.junix;

import dev.ancilla.spi.FdHandle;
import java.io.FileDescriptor;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The call that sends one message, not an empty one. Guarded by its socket's lock. */
interface SendCall {
  /**
   * Sends a message.
   *
   * @param payload what is sent, which is consumed then
   * @param target where to, or {@code null} for the connected peer
   * @param descriptors what goes along
   * @return {@code false} if there is no room
   */
  boolean send(ByteBuffer payload, @Nullable SocketAddress target, List<FdHandle> descriptors)
      throws IOException;

  /** Whether an interrupt of the calling thread closes what the call is made on. */
  static boolean fearsInterrupts() {
    return !Natives.accessible();
  }

  static SendCall of(DgramWorker worker, Addresses addresses) {
    return Natives.accessible()
        ? new Direct(worker.fd, addresses)
        : new ByChannel(worker, addresses);
  }

  /** The public call, which an interrupt closes the channel in. */
  final class ByChannel implements SendCall {
    private final DgramWorker worker;
    private final Addresses addresses;

    ByChannel(DgramWorker worker, Addresses addresses) {
      this.worker = worker;
      this.addresses = addresses;
    }

    @Override
    public boolean send(
        ByteBuffer payload, @Nullable SocketAddress target, List<FdHandle> descriptors)
        throws IOException {
      return worker.lending(
          descriptors,
          () ->
              target == null
                  ? worker.channel.write(payload) > 0
                  : worker.channel.send(payload, addresses.ofTarget(target)) > 0);
    }
  }

  /** The native method itself, where it can be reached. */
  final class Direct implements SendCall {
    private final Natives natives = Natives.get();
    private final FileDescriptor fd;
    private final Addresses addresses;
    private final Object ancillary = natives.newAncillary(ByteBuffer.allocateDirect(0));
    private ByteBuffer bytes = ByteBuffer.allocateDirect(2048);

    Direct(FileDescriptor fd, Addresses addresses) {
      this.fd = fd;
      this.addresses = addresses;
    }

    @Override
    public boolean send(
        ByteBuffer payload, @Nullable SocketAddress target, List<FdHandle> descriptors)
        throws IOException {
      int size = payload.remaining();
      if (bytes.capacity() < size) {
        bytes = ByteBuffer.allocateDirect(Math.max(size, 2 * bytes.capacity()));
      }
      bytes.put(0, payload, payload.position(), size);
      ByteBuffer sockaddr = target == null ? null : addresses.sockaddrOf(target);
      boolean sent =
          natives.lending(
                  ancillary, descriptors, lent -> natives.send(fd, bytes, size, sockaddr, lent))
              > 0;
      if (sent) {
        payload.position(payload.limit());
      }
      return sent;
    }
  }
}

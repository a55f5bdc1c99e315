package dev.ancilla.junix;

import dev.ancilla.Datagram;
import dev.ancilla.UnixAddress;
import dev.ancilla.spi.Backoff;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.DgramTransport;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.SelectorLoop;
import dev.ancilla.spi.Wait;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.DatagramPacket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXDatagramChannel;

/** The attempts of one Unix datagram socket. */
final class JunixDgram extends JunixSocket<AFUNIXDatagramChannel, DgramWorker>
    implements DgramTransport {
  private final int maxDescriptors;
  private final SendGates gates;
  private final Addresses addresses = new Addresses(); // guarded by lock
  private @Nullable UnixAddress lastPeer; // guarded by lock; for failures

  private JunixDgram(AFUNIXDatagramChannel master, SelectorLoop loop, int maxDescriptors) {
    super(master, AFUNIXDatagramChannel.class, loop);
    this.maxDescriptors = maxDescriptors;
    this.gates = new SendGates(loop, this::armOwnRoom);
  }

  static JunixDgram open(SelectorLoop loop, int maxDescriptors) throws IOException {
    try {
      return over(AFUNIXDatagramChannel.open(), loop, maxDescriptors);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw Failures.of("socket", e, null, null);
    }
  }

  /** Makes a transport of a descriptor, which it owns from now on, also if this fails. */
  static JunixDgram over(FileDescriptor fd, SelectorLoop loop, int maxDescriptors)
      throws IOException {
    return over(channelOf(fd, AFUNIXDatagramChannel.class), loop, maxDescriptors);
  }

  private static JunixDgram over(
      AFUNIXDatagramChannel master, SelectorLoop loop, int maxDescriptors) throws IOException {
    JunixDgram made = over(master, loop, () -> new JunixDgram(master, loop, maxDescriptors));
    made.openWorker();
    return made;
  }

  @Override
  AFUNIXDatagramChannel openMaster() throws IOException {
    return AFUNIXDatagramChannel.open();
  }

  @Override
  DgramWorker newWorker(AFUNIXDatagramChannel duplicate) throws IOException {
    return new DgramWorker(duplicate, loop, addresses, maxDescriptors);
  }

  /**
   * Where an interrupt closes what a send is made on: the threads of loops take no interrupts. One
   * that waited for another's turn could wait for ever, if that one waits for its own.
   */
  @Override
  public boolean onLoopOnly(Interest interest) {
    return interest == Interest.WRITE && SendCall.fearsInterrupts() && !SelectorLoop.onLoopThread();
  }

  @Override
  public Wait armSend(@Nullable SocketAddress target, Runnable wake) {
    return target == null ? arm(Interest.WRITE, wake) : gates.arm((UnixAddress) target, wake);
  }

  @Override
  public boolean awaitSend(@Nullable SocketAddress target, Deadline deadline)
      throws InterruptedIOException {
    return target == null
        ? await(Interest.WRITE, deadline)
        : DgramTransport.super.awaitSend(target, deadline);
  }

  /**
   * Room in the socket's own buffer. It polls writable when it is three quarters empty ({@code
   * unix_writable} of net/unix/af_unix.c), and a message may have room long before; so that is
   * waited for a moment only. A connected socket polls writable when its peer has room, which must
   * not hold up a message to somebody else, and nothing polls the buffer alone.
   */
  private Wait armOwnRoom(UnixAddress target, Runnable wake) {
    UnixAddress peer;
    try {
      peer = remoteAddress();
    } catch (IOException closing) {
      peer = null;
    }
    return peer == null || peer.equals(target)
        ? Backoff.laterOr(loop, wake, once -> arm(Interest.WRITE, once))
        : Backoff.later(loop, wake);
  }

  @Override
  @Nullable UnixAddress peer() throws IOException {
    return addressOf(master()::getRemoteAddress);
  }

  /** A bind that fails closes the descriptor it was made on, so that is a duplicate. */
  @Override
  void bindTo(UnixAddress name) throws IOException {
    AFUNIXDatagramChannel binder = duplicateChannel();
    try {
      binder.bind(Addresses.toJunix(name));
    } finally {
      Worker.close(binder);
    }
  }

  @Override
  void reconnect(UnixAddress peer) throws IOException {
    try {
      master().connect(Addresses.toJunix(peer));
    } catch (SocketException gone) {
      // Nobody has the address any more, and the next send without a target says so.
    }
  }

  @Override
  public void connect(SocketAddress address) throws IOException {
    lock.lock();
    try {
      checkOpen();
      master().connect(Addresses.toJunix(address));
      lastPeer = (UnixAddress) address;
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw Failures.of("connect", e, null, address);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void disconnect() throws IOException {
    lock.lock();
    try {
      checkOpen();
      Disconnecting.disconnect(master());
      lastPeer = null;
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw Failures.of("disconnect", e, null, null);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public @Nullable Datagram tryReceive(int limit) throws IOException {
    lock.lock();
    try {
      DgramWorker current = workerFor("receive");
      try {
        return new Receiving(current, maxDescriptors).tryReceive(limit);
      } catch (IOException e) {
        mendWorker();
        throw Failures.ofReceive(e, localAddress());
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean trySend(
      ByteBuffer payload, @Nullable SocketAddress target, List<FdHandle> descriptors)
      throws IOException {
    int position = payload.position();
    lock.lock();
    try {
      DgramWorker current = workerFor("send");
      try {
        return payload.hasRemaining()
            ? current.sendCall.send(payload, target, descriptors)
            : current.lending(descriptors, () -> sendEmpty(current, target));
      } catch (IOException | RuntimeException e) {
        payload.position(position);
        mendWorker();
        throw Failures.of("send", e, nameOrNull(), target == null ? lastPeer : target);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * The channel skips an empty datagram; the packet call sends it, and says nothing when there was
   * no room. So the room is looked for first, which leaves a race with other senders.
   */
  private boolean sendEmpty(DgramWorker current, @Nullable SocketAddress target)
      throws IOException {
    if (!Room.isFor(current.channel, target)) {
      return false;
    }
    DatagramPacket packet = new DatagramPacket(new byte[0], 0);
    if (target != null) {
      packet.setAddress(addresses.ofTarget(target).wrapAddress());
    }
    current.channel.socket().send(packet);
    return true;
  }

  @Override
  void release() {
    gates.close();
  }
}

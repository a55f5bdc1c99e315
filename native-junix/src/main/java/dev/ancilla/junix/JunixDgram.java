package dev.ancilla.junix;

import dev.ancilla.Datagram;
import dev.ancilla.EventLoop;
import dev.ancilla.SocketOpException;
import dev.ancilla.UnixAddress;
import dev.ancilla.spi.DgramTransport;
import dev.ancilla.spi.FdHandle;
import dev.ancilla.spi.Interest;
import dev.ancilla.spi.SelectorLoop;
import dev.ancilla.spi.Wait;
import java.io.FileDescriptor;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXDatagramChannel;

/**
 * One Unix datagram socket: a master channel that holds it, and a worker on which calls are made.
 *
 * <p>One lock guards both, for the short time of a call that never waits: junixsocket keeps the
 * descriptors of a call in fields of the channel, so two calls at a time would mix them up.
 */
final class JunixDgram implements DgramTransport {
  private final SelectorLoop loop;
  private final int maxDescriptors;
  private final SendGates gates;
  private final Addresses addresses; // guarded by lock
  private final ReentrantLock lock = new ReentrantLock();
  private AFUNIXDatagramChannel master; // guarded by lock
  private Worker worker; // guarded by lock
  private @Nullable UnixAddress lastPeer; // guarded by lock; for failures
  private boolean closed; // guarded by lock

  private JunixDgram(
      AFUNIXDatagramChannel master,
      Worker worker,
      SelectorLoop loop,
      Addresses addresses,
      int maxDescriptors) {
    this.master = master;
    this.addresses = addresses;
    this.worker = worker;
    this.loop = loop;
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

  /** Makes a transport of a channel, which it owns from now on, also if this fails. */
  static JunixDgram over(AFUNIXDatagramChannel master, SelectorLoop loop, int maxDescriptors)
      throws IOException {
    boolean done = false;
    try {
      Worker.prepare(master);
      Addresses addresses = new Addresses();
      Worker worker = Worker.of(master, loop, addresses, maxDescriptors);
      try {
        loop.attach();
        done = true;
        return new JunixDgram(master, worker, loop, addresses, maxDescriptors);
      } finally {
        if (!done) {
          worker.close();
        }
      }
    } finally {
      if (!done) {
        Worker.close(master);
      }
    }
  }

  @Override
  public EventLoop eventLoop() {
    return loop;
  }

  /**
   * An interrupt inside a channel's send closes it; the threads of loops take no interrupts. One
   * that waited for another's turn could wait for ever, if that one waits for its own.
   */
  @Override
  public boolean onLoopOnly(Interest interest) {
    return interest == Interest.WRITE && !SelectorLoop.onLoopThread();
  }

  @Override
  public Wait arm(Interest interest, Runnable wake) {
    lock.lock();
    try {
      if (!closed && !worker.isAlive()) {
        replaceWorker();
      }
      return worker.watch.arm(interest, wake);
    } catch (IOException cannotReplace) {
      // Out of descriptors: the wake makes the caller try, and the attempt reports it. Not at once,
      // for who tries again whatever is reported, as a listener does, would do nothing else.
      SendGates.later(loop, wake);
      return () -> {};
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Wait armSend(@Nullable SocketAddress target, Runnable wake) {
    return target == null ? arm(Interest.WRITE, wake) : gates.arm((UnixAddress) target, wake);
  }

  /**
   * Room in the socket's own buffer. A connected socket polls writable when its peer has room,
   * which must not hold up a message to somebody else, and nothing polls the buffer alone.
   */
  private Wait armOwnRoom(UnixAddress target, Runnable wake) {
    UnixAddress peer;
    try {
      peer = remoteAddress();
    } catch (IOException closing) {
      peer = null;
    }
    if (peer == null || peer.equals(target)) {
      return arm(Interest.WRITE, wake);
    }
    SendGates.later(loop, wake);
    return () -> {};
  }

  private void checkOpen() throws ClosedChannelException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  private Worker liveWorker() throws IOException {
    checkOpen();
    if (!worker.isAlive()) {
      replaceWorker();
    }
    return worker;
  }

  private void replaceWorker() throws IOException {
    Worker dead = worker;
    worker = Worker.of(master, loop, addresses, maxDescriptors);
    dead.close();
  }

  /** After a call that failed: junixsocket may have closed the descriptor it was made on. */
  private void mendWorker() {
    try {
      if (!closed && !worker.isAlive()) {
        replaceWorker();
      }
    } catch (IOException outOfDescriptors) {
      // The next attempt tries again, and reports it.
    }
  }

  @Override
  public UnixAddress localAddress() throws IOException {
    lock.lock();
    try {
      checkOpen();
      UnixAddress address = Addresses.ofSocket(master.getLocalAddress());
      return address == null ? UnixAddress.unnamed() : address;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable UnixAddress nameOrNull() {
    try {
      return Addresses.ofSocket(master.getLocalAddress());
    } catch (IOException unknown) {
      return null;
    }
  }

  @Override
  public @Nullable UnixAddress remoteAddress() throws IOException {
    lock.lock();
    try {
      checkOpen();
      return Addresses.ofSocket(master.getRemoteAddress());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int bufferSize(Interest interest) throws IOException {
    lock.lock();
    try {
      checkOpen();
      return master.getOption(option(interest));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void bufferSize(Interest interest, int bytes) throws IOException {
    lock.lock();
    try {
      checkOpen();
      master.setOption(option(interest), bytes);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw Failures.of("setsockopt", e, null, null);
    } finally {
      lock.unlock();
    }
  }

  private static SocketOption<Integer> option(Interest interest) {
    return interest == Interest.READ
        ? StandardSocketOptions.SO_RCVBUF
        : StandardSocketOptions.SO_SNDBUF;
  }

  @Override
  public void bind(SocketAddress address, int mode) throws IOException {
    UnixAddress wanted = (UnixAddress) address;
    boolean choose = wanted.kind() == UnixAddress.Kind.AUTOBIND;
    lock.lock();
    try {
      checkOpen();
      UnixAddress name = choose ? Addresses.randomName() : wanted;
      UnixAddress peer = Addresses.ofSocket(master.getRemoteAddress());
      try {
        bindDuplicate(name);
        if (name.kind() == UnixAddress.Kind.PATH) {
          applyMode(name.toPath(), mode);
        }
      } catch (IOException e) {
        SocketOpException failure = Failures.of("bind", e, name, null);
        try {
          startOver(peer);
        } catch (IOException outOfDescriptors) {
          failure.addSuppressed(outOfDescriptors);
        }
        throw failure;
      }
    } finally {
      lock.unlock();
    }
  }

  /** A bind that fails closes the descriptor it was made on, so that is a duplicate. */
  private void bindDuplicate(UnixAddress name) throws IOException {
    Worker binder = Worker.of(master, loop, addresses, 0);
    try {
      binder.channel.bind(Addresses.toJunix(name));
    } finally {
      binder.close();
    }
  }

  private static void applyMode(Path path, int mode) throws IOException {
    try {
      Umask.apply(path, mode);
    } catch (IOException e) {
      Files.deleteIfExists(path);
      throw e;
    }
  }

  /**
   * After a bind that failed. junixsocket then tries to connect, to see whether anybody is there,
   * and leaves the socket connected; a fresh one, connected as this was, takes its place. The old
   * one goes first, whatever comes: what is sent without a target must not reach a stranger.
   */
  private void startOver(@Nullable UnixAddress peer) throws IOException {
    int sendBuffer = master.getOption(StandardSocketOptions.SO_SNDBUF);
    int receiveBuffer = master.getOption(StandardSocketOptions.SO_RCVBUF);
    worker.close();
    Worker.close(master);
    AFUNIXDatagramChannel fresh = AFUNIXDatagramChannel.open();
    boolean done = false;
    try {
      Worker.prepare(fresh);
      // The kernel doubles what it is given (socket(7)).
      fresh.setOption(StandardSocketOptions.SO_SNDBUF, sendBuffer / 2);
      fresh.setOption(StandardSocketOptions.SO_RCVBUF, receiveBuffer / 2);
      done = true;
    } finally {
      if (!done) {
        Worker.close(fresh);
      }
    }
    master = fresh;
    worker = Worker.of(master, loop, addresses, maxDescriptors);
    if (peer != null) {
      reconnect(peer);
    }
  }

  private void reconnect(UnixAddress peer) throws IOException {
    try {
      master.connect(Addresses.toJunix(peer));
    } catch (SocketException gone) {
      // Nobody has the address any more, and the next send without a target says so.
    }
  }

  @Override
  public void connect(SocketAddress address) throws IOException {
    lock.lock();
    try {
      checkOpen();
      master.connect(Addresses.toJunix(address));
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
      Disconnecting.disconnect(master);
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
      Worker current = liveWorker();
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
      Worker current = liveWorker();
      try {
        if (!descriptors.isEmpty()) {
          current.lend(javaDescriptors(descriptors));
        }
        return payload.hasRemaining()
            ? send(current.channel, payload, target)
            : sendEmpty(current, target);
      } catch (IOException | RuntimeException e) {
        payload.position(position);
        mendWorker();
        throw Failures.of("send", e, nameOrNull(), target == null ? lastPeer : target);
      } finally {
        if (!descriptors.isEmpty()) {
          worker.takeBack();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean send(
      AFUNIXDatagramChannel channel, ByteBuffer payload, @Nullable SocketAddress target)
      throws IOException {
    int sent =
        target == null ? channel.write(payload) : channel.send(payload, addresses.ofTarget(target));
    return sent > 0;
  }

  /**
   * The channel skips an empty datagram; the packet call sends it, and says nothing when there was
   * no room. So the room is looked for first, which leaves a race with other senders.
   */
  private boolean sendEmpty(Worker current, @Nullable SocketAddress target) throws IOException {
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

  private static List<FileDescriptor> javaDescriptors(List<FdHandle> handles) throws IOException {
    List<FileDescriptor> descriptors = new ArrayList<>(handles.size());
    for (FdHandle handle : handles) {
      descriptors.add(Adopting.javaDescriptor(handle));
    }
    return descriptors;
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      worker.close();
      Worker.close(master);
    } finally {
      lock.unlock();
    }
    gates.close();
    loop.detach();
  }
}

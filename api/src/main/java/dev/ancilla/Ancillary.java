package dev.ancilla;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * What rides beside one message: descriptors and credentials.
 *
 * <p><b>Ownership.</b> Receiving gives: the ancillary data of a received message owns its
 * descriptors until they are {@linkplain #take() taken}; closing it, or its {@link Datagram},
 * closes the rest. Sending lends: ancillary data made with {@link #lend} owns nothing, the kernel
 * duplicates what is sent, and the caller keeps and closes its own.
 *
 * <p><b>Threading.</b> Safe for use by several threads; each descriptor is taken once.
 *
 * <pre>{@code
 * try (SocketPair<UnixDgramSocket> pair = Sockets.unixDgram().maxDescriptors(2).pair();
 *     OwnedFd.Pipe pipe = OwnedFd.pipe()) {
 *   Ancillary lent = Ancillary.lend(pipe.reader(), pipe.writer());
 *   pair.left().blocking().send(Message.of("a pipe").with(lent));
 *   try (Datagram datagram = pair.right().blocking().receive()) {
 *     OwnedFd reader = datagram.ancillary().take(); // This one is ours, and is closed below.
 *     System.out.println(reader + " stays, the other one goes with the datagram");
 *     reader.close();
 *   }
 * }
 * }</pre>
 */
public final class Ancillary implements AutoCloseable {
  private static final Ancillary NONE =
      new Ancillary(List.of(), null, false, false, null, null, null);

  private final List<OwnedFd> descriptors;
  private final @Nullable PeerCredentials credentials;
  private final boolean truncated;
  private final boolean owns;
  private final @Nullable Instant timestamp;
  private final @Nullable PacketInfo packetInfo;
  private @Nullable OwnedFd pidfd; // guarded by descriptors

  private Ancillary(
      List<OwnedFd> descriptors,
      @Nullable PeerCredentials credentials,
      boolean truncated,
      boolean owns,
      @Nullable Instant timestamp,
      @Nullable OwnedFd pidfd,
      @Nullable PacketInfo packetInfo) {
    this.descriptors = descriptors;
    this.credentials = credentials;
    this.truncated = truncated;
    this.owns = owns;
    this.timestamp = timestamp;
    this.pidfd = pidfd;
    this.packetInfo = packetInfo;
  }

  /**
   * Returns ancillary data with nothing in it.
   *
   * @return the empty ancillary data
   */
  public static Ancillary none() {
    return NONE;
  }

  /**
   * Returns ancillary data for sending. The caller keeps the descriptors and closes them; a send
   * that has to wait holds them, so closing early does no harm.
   *
   * @param descriptors the descriptors to pass, in this order; at most 253 fit one message
   * @return ancillary data that owns nothing
   */
  public static Ancillary lend(OwnedFd... descriptors) {
    return lend(List.of(descriptors));
  }

  /**
   * Returns ancillary data for sending, as {@link #lend(OwnedFd...)} does.
   *
   * @param descriptors the descriptors to pass; the list is copied
   * @return ancillary data that owns nothing
   */
  public static Ancillary lend(List<OwnedFd> descriptors) {
    return descriptors.isEmpty()
        ? NONE
        : new Ancillary(List.copyOf(descriptors), null, false, false, null, null, null);
  }

  /**
   * Returns what came with a message; for providers.
   *
   * @param descriptors the descriptors, which the result owns from now on
   * @param credentials the sender's credentials, if the kernel gave them
   * @param truncated whether the kernel or the provider discarded descriptors
   * @return ancillary data that owns its descriptors
   */
  public static Ancillary received(
      List<OwnedFd> descriptors, @Nullable PeerCredentials credentials, boolean truncated) {
    return received(descriptors, credentials, truncated, null, null);
  }

  /**
   * Returns what came with a message; for providers.
   *
   * @param descriptors the descriptors, which the result owns from now on
   * @param credentials the sender's credentials, if the kernel gave them
   * @param truncated whether the kernel or the provider discarded descriptors
   * @param timestamp when the kernel took the message, if it told
   * @param pidfd a descriptor of the sender's process, which the result owns from now on
   * @return ancillary data that owns its descriptors
   */
  public static Ancillary received(
      List<OwnedFd> descriptors,
      @Nullable PeerCredentials credentials,
      boolean truncated,
      @Nullable Instant timestamp,
      @Nullable OwnedFd pidfd) {
    if (descriptors.isEmpty()
        && credentials == null
        && !truncated
        && timestamp == null
        && pidfd == null) {
      return NONE;
    }
    return new Ancillary(
        new ArrayList<>(descriptors), credentials, truncated, true, timestamp, pidfd, null);
  }

  /**
   * Returns what came with a UDP message; for providers.
   *
   * @param packetInfo where it arrived, if that was asked for
   * @param timestamp when the kernel took the message, if it told
   * @return ancillary data that owns nothing
   */
  public static Ancillary received(@Nullable PacketInfo packetInfo, @Nullable Instant timestamp) {
    return packetInfo == null && timestamp == null
        ? NONE
        : new Ancillary(List.of(), null, false, false, timestamp, null, packetInfo);
  }

  /**
   * Returns the descriptors that are here, without taking them.
   *
   * @return the descriptors that were sent and not yet taken, in the order of sending
   */
  public List<OwnedFd> descriptors() {
    synchronized (descriptors) {
      return List.copyOf(descriptors);
    }
  }

  /**
   * Takes the first descriptor: from now on the caller owns it and closes it.
   *
   * @return the first descriptor not yet taken
   * @throws NoSuchElementException if there is none
   * @throws IllegalStateException if this was made with {@link #lend}, which owns nothing
   */
  public OwnedFd take() {
    checkOwns();
    synchronized (descriptors) {
      if (descriptors.isEmpty()) {
        throw new NoSuchElementException("no descriptor came with this message, or all are taken");
      }
      return descriptors.remove(0);
    }
  }

  /**
   * Takes all descriptors that are left: from now on the caller owns them and closes them.
   *
   * @return the descriptors, none if none are left
   * @throws IllegalStateException if this was made with {@link #lend}, which owns nothing
   */
  public List<OwnedFd> takeAll() {
    checkOwns();
    synchronized (descriptors) {
      List<OwnedFd> taken = List.copyOf(descriptors);
      if (!taken.isEmpty()) {
        descriptors.clear();
      }
      return taken;
    }
  }

  private void checkOwns() {
    if (!owns && !descriptors.isEmpty()) {
      throw new IllegalStateException("lent descriptors belong to the sender and cannot be taken");
    }
  }

  /**
   * Returns who sent the message, in the kernel's word.
   *
   * @return the credentials, or {@code null} if they were not asked for or not offered
   */
  public @Nullable PeerCredentials credentials() {
    return credentials;
  }

  /**
   * Returns when the kernel took the message.
   *
   * @return the time by the system's clock, or {@code null} if it was not asked for ({@link
   *     UnixDgramBuilder#timestamps()}, {@link UdpBuilder#timestamps()})
   */
  public @Nullable Instant timestamp() {
    return timestamp;
  }

  /**
   * Returns where a UDP message arrived.
   *
   * @return the address and the interface, or {@code null} if it was not {@linkplain
   *     UdpBuilder#packetInfo() asked for}
   */
  public @Nullable PacketInfo packetInfo() {
    return packetInfo;
  }

  /**
   * Returns the descriptor of the sender's process, without taking it.
   *
   * @return the descriptor, or {@code null} if it was not {@linkplain
   *     UnixDgramBuilder#messagePidfds() asked for}, not offered, or taken
   */
  public @Nullable OwnedFd pidfd() {
    synchronized (descriptors) {
      return pidfd;
    }
  }

  /**
   * Takes the descriptor of the sender's process: from now on the caller owns it and closes it.
   *
   * @return the descriptor
   * @throws NoSuchElementException if there is none, or it was taken
   */
  public OwnedFd takePidfd() {
    synchronized (descriptors) {
      OwnedFd taken = pidfd;
      if (taken == null) {
        throw new NoSuchElementException("no pidfd came with this message, or it is taken");
      }
      pidfd = null;
      return taken;
    }
  }

  /**
   * Tells whether descriptors that were sent were discarded because fewer were asked for, or
   * because the process could open no more.
   *
   * <p><b>Platforms.</b> Without {@link Feature#ANCILLARY_TRUNCATION} a provider knows only of the
   * descriptors that it discarded itself.
   *
   * @return whether descriptors are missing
   */
  public boolean truncated() {
    return truncated;
  }

  /** Closes the received descriptors that nobody took; does nothing to lent ones. Idempotent. */
  @Override
  public void close() {
    if (owns) {
      takeAll().forEach(OwnedFd::close);
      OwnedFd process;
      synchronized (descriptors) {
        process = pidfd;
        pidfd = null;
      }
      if (process != null) {
        process.close();
      }
    }
  }

  @Override
  public String toString() {
    return "Ancillary(descriptors=" + descriptors() + ", credentials=" + credentials + ")";
  }
}

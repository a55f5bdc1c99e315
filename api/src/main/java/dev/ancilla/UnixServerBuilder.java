package dev.ancilla;

import dev.ancilla.engine.AllowList;
import dev.ancilla.engine.Binding;
import dev.ancilla.engine.OpenServer;
import dev.ancilla.engine.Opening;
import dev.ancilla.spi.SocketKind;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Opens a server.
 *
 * <p>Not safe for use by several threads. May be used again after it has opened a server.
 *
 * @param <S> what the server accepts
 */
public final class UnixServerBuilder<S extends UnixConnection> {
  /** How many connections may wait without {@link #backlog}; the kernel bounds it further. */
  public static final int DEFAULT_BACKLOG = 1024;

  private final Opening opening;
  private final OpenServer.Accepting<S> accepting;
  private final Set<Long> users = new HashSet<>();
  private final Set<Long> groups = new HashSet<>();
  private boolean everybody = true;
  private int backlog = DEFAULT_BACKLOG;
  private int mode = Binding.MODE_OF_UMASK;
  private @Nullable String group;
  private boolean replaceStale;
  private boolean unlinkOnClose = true;

  UnixServerBuilder(SocketKind kind, OpenServer.Accepting<S> accepting) {
    this.opening = new Opening(kind);
    this.accepting = accepting;
  }

  /**
   * Says how many connections may wait to be accepted. Who connects when so many wait has to wait
   * too.
   *
   * @param connections how many, at least 0; with 0 one may wait. The kernel bounds it ({@code
   *     net.core.somaxconn}, {@code listen(2)})
   * @return this
   * @throws IllegalArgumentException if the number is negative
   */
  public UnixServerBuilder<S> backlog(int connections) {
    if (connections < 0) {
      throw new IllegalArgumentException("backlog is " + connections + ", less than 0");
    }
    this.backlog = connections;
    return this;
  }

  /**
   * Says the permission bits of the socket file. Whoever may write to the file may connect. Without
   * it the umask decides, as for any file. Nobody can connect before they are set.
   *
   * @param mode the bits, such as {@code 0660}
   * @return this
   * @throws IllegalArgumentException if there are other bits than {@code 0777}
   */
  public UnixServerBuilder<S> mode(int mode) {
    this.mode = Binding.checkedMode(mode);
    return this;
  }

  /**
   * Says the group of the socket file, of which this process has to be a member, or privileged.
   * Nobody can connect before it is set.
   *
   * @param name the group's name, or its number
   * @return this
   */
  public UnixServerBuilder<S> group(String name) {
    this.group = name;
    return this;
  }

  /**
   * Allows to remove what a dead process left behind, as {@link UnixDgramBuilder#replaceStale}
   * describes.
   *
   * @return this
   */
  public UnixServerBuilder<S> replaceStale() {
    this.replaceStale = true;
    return this;
  }

  /**
   * Says whether closing removes the socket file, which it does by default, if the file is still
   * the one that was bound.
   *
   * @param unlink whether to remove it
   * @return this
   */
  public UnixServerBuilder<S> unlinkOnClose(boolean unlink) {
    this.unlinkOnClose = unlink;
    return this;
  }

  /**
   * Lets these users connect, and nobody else but those of {@link #allowGroup}. The kernel tells
   * who connects ({@code SO_PEERCRED}); whoever may not is cut off at once, with a line in the log.
   *
   * @param uids their numbers
   * @return this
   */
  public UnixServerBuilder<S> allowUser(long... uids) {
    everybody = false;
    for (long uid : uids) {
      users.add(uid);
    }
    return this;
  }

  /**
   * Lets processes with these groups connect, and nobody else but those of {@link #allowUser}. It
   * is the effective group that counts, not the supplementary ones.
   *
   * @param gids their numbers
   * @return this
   */
  public UnixServerBuilder<S> allowGroup(long... gids) {
    everybody = false;
    for (long gid : gids) {
      groups.add(gid);
    }
    return this;
  }

  /**
   * Says how many descriptors a read of an accepted socket may bring, as {@link
   * UnixStreamBuilder#maxDescriptors} does.
   *
   * @param count at most 253
   * @return this
   * @throws IllegalArgumentException if the count is negative or more than 253
   */
  public UnixServerBuilder<S> maxDescriptors(int count) {
    opening.maxDescriptors(count);
    return this;
  }

  /**
   * Asks for features: a provider without one of them is not taken.
   *
   * @param features what is needed
   * @return this
   */
  public UnixServerBuilder<S> require(Feature... features) {
    opening.require(features);
    return this;
  }

  /**
   * Says which loop waits for the server and the sockets that it accepts. Without it all sockets of
   * a provider share one.
   *
   * @param loop a loop that {@link #newEventLoop} opened
   * @return this
   */
  public UnixServerBuilder<S> eventLoop(EventLoop loop) {
    opening.eventLoop(loop);
    return this;
  }

  /**
   * Opens another loop on the provider that this builder would take.
   *
   * @param name the name of its thread
   * @return the loop
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   */
  public EventLoop newEventLoop(String name) {
    return opening.newEventLoop(name);
  }

  /**
   * Opens a server: binds its address and listens there.
   *
   * @param address a path, an abstract name, or the request to autobind
   * @return the server, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the kernel refuses: {@code EADDRINUSE}, {@code EACCES}, {@code
   *     ENOENT} for a missing directory
   * @throws IOException if it fails otherwise
   */
  public Server<S> listen(UnixAddress address) throws IOException {
    OpenServer<S> server =
        new OpenServer<>(
            opening.openServer(),
            new Binding(mode, replaceStale, unlinkOnClose, group),
            allowList(),
            accepting);
    Opening.orClose(server, () -> server.listen(address, backlog));
    return server;
  }

  /**
   * Makes a server of a descriptor that listens already. It becomes non-blocking, for every process
   * that shares it. Its socket file is not removed on close.
   *
   * @param descriptor a Unix socket of this kind that listens; closed on success, untouched
   *     otherwise
   * @return the server, owned by the caller
   * @throws UnsupportedFeatureException if no provider has what was asked for; where none offers
   *     this kind of socket at all, its superclass {@link UnsupportedOperationException}
   * @throws SocketOpException if the descriptor is something else: {@code ENOTSOCK}, {@code
   *     EPROTOTYPE}, {@code EINVAL} if it does not listen
   * @throws IOException if it fails otherwise
   */
  public Server<S> adopt(OwnedFd descriptor) throws IOException {
    Binding none = new Binding(Binding.MODE_OF_UMASK, false, false);
    return new OpenServer<>(opening.adoptServer(descriptor), none, allowList(), accepting);
  }

  private AllowList allowList() {
    return new AllowList(everybody, Set.copyOf(users), Set.copyOf(groups));
  }
}

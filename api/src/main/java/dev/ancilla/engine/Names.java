package dev.ancilla.engine;

import dev.ancilla.IpFamily;
import dev.ancilla.Resolver;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The names that one socket looks up; closing ends those that have no answer yet. */
public final class Names {
  private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
  private static final Pattern IPV4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");

  private final Resolver resolver;
  private final IpFamily family;
  private final Set<CompletableFuture<InetSocketAddress>> pending = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * Creates the names of a socket.
   *
   * @param resolver whom to ask
   * @param family what the socket can use
   */
  public Names(Resolver resolver, IpFamily family) {
    this.resolver = resolver;
    this.family = family;
  }

  CompletableFuture<InetSocketAddress> resolve(InetSocketAddress address) {
    if (!address.isUnresolved()) {
      return CompletableFuture.completedFuture(address);
    }
    String host = address.getHostString();
    try {
      InetAddress known = host.isEmpty() ? loopback() : literal(host);
      return known == null ? ask(address) : CompletableFuture.completedFuture(with(known, address));
    } catch (UnknownHostException | RuntimeException e) {
      return CompletableFuture.failedFuture(unknown(address, e));
    }
  }

  private CompletableFuture<InetSocketAddress> ask(InetSocketAddress address) {
    CompletableFuture<InetSocketAddress> answer = new CompletableFuture<>();
    CompletionStage<InetAddress> stage = resolver.resolve(address.getHostString(), family);
    pending.add(answer);
    answer.whenComplete(
        (found, failure) -> {
          pending.remove(answer);
          if (stage instanceof Future<?> future) {
            future.cancel(true);
          }
        });
    stage.whenComplete(
        (found, failure) -> {
          if (found == null) {
            answer.completeExceptionally(unknown(address, failure));
          } else {
            answer.complete(with(found, address));
          }
        });
    if (closed) {
      answer.completeExceptionally(ended()); // Meanwhile: close may not have seen it.
    }
    return answer;
  }

  /** The address that a text spells out, for which nobody needs to be asked. */
  static @Nullable InetAddress literal(String host) throws UnknownHostException {
    boolean spelt = host.indexOf(':') >= 0 || IPV4.matcher(host).matches();
    return spelt ? InetAddress.getByName(host) : null;
  }

  private InetAddress loopback() throws UnknownHostException {
    return InetAddress.getByName(family == IpFamily.IPV6 ? "::1" : "127.0.0.1");
  }

  private static InetSocketAddress with(InetAddress found, InetSocketAddress address) {
    return new InetSocketAddress(found, address.getPort());
  }

  private static UnknownHostException unknown(
      InetSocketAddress address, @Nullable Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    UnknownHostException unknown =
        new UnknownHostException(
            "lookup "
                + address.getHostString()
                + ": "
                + (cause == null ? "the resolver found no address" : cause));
    unknown.initCause(cause);
    return unknown;
  }

  private static ClosedChannelException ended() {
    return Failures.closed("lookup", null);
  }

  void close() {
    closed = true;
    pending.forEach(answer -> answer.completeExceptionally(ended()));
  }

  static boolean isIpv4(InetAddress address) {
    return address instanceof Inet4Address;
  }
}

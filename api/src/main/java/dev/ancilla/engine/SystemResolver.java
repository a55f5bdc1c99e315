package dev.ancilla.engine;

import dev.ancilla.IpFamily;
import dev.ancilla.Resolver;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The platform's own resolver, which blocks, on threads that may. */
public final class SystemResolver implements Resolver {
  /** The one. */
  public static final SystemResolver INSTANCE = new SystemResolver();

  /** So many names may be slow at a time before others wait for them. */
  private static final int THREADS = 16;

  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          THREADS,
          THREADS,
          100,
          TimeUnit.MILLISECONDS,
          new LinkedBlockingQueue<>(),
          work -> {
            Thread thread = new Thread(work, "ancilla-resolver");
            thread.setDaemon(true);
            return thread;
          });

  private SystemResolver() {
    threads.allowCoreThreadTimeOut(true);
  }

  @Override
  public CompletionStage<InetAddress> resolve(String host, IpFamily family) {
    return CompletableFuture.supplyAsync(() -> lookUp(host, family), threads);
  }

  private static InetAddress lookUp(String host, IpFamily family) {
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        if (family == IpFamily.ANY || Names.isIpv4(address) == (family == IpFamily.IPV4)) {
          return address;
        }
      }
      throw new UnknownHostException(host + " has no address of " + family);
    } catch (UnknownHostException e) {
      throw new CompletionException(e);
    }
  }
}

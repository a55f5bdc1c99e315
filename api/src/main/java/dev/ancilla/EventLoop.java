package dev.ancilla;

import java.util.concurrent.Executor;

/**
 * One thread that waits for many sockets and runs what they wake.
 *
 * <p><b>Threads.</b> A loop has one daemon thread, named {@code ancilla-} and the provider if all
 * of its sockets share it, or as {@code newEventLoop} was told. It starts with the first wait or
 * task and ends when the last socket on the loop is closed and no task is left; it starts again
 * when it is needed again. It ignores {@link Thread#interrupt()}, because an interrupt inside a
 * channel call would close the channel.
 *
 * <p>What runs here must not block: it would block every socket of the loop.
 *
 * <pre>{@code
 * InetAddress loopback = InetAddress.getLoopbackAddress();
 * EventLoop loop = Sockets.udp().newEventLoop("mine");
 * CountDownLatch ran = new CountDownLatch(1);
 * try (UdpSocket socket =
 *     Sockets.udp().eventLoop(loop).bind(new InetSocketAddress(loopback, 0))) {
 *   socket
 *       .eventLoop()
 *       .execute(
 *           () -> {
 *             System.out.println("in the loop: " + loop.inLoop());
 *             ran.countDown();
 *           });
 *   ran.await();
 * }
 * }</pre>
 */
public interface EventLoop extends Executor {
  /** How many attempts the sockets of a loop make before other work on it gets its turn. */
  int BUDGET = 32;

  /**
   * Returns the name of this loop's thread.
   *
   * @return the name
   */
  String name();

  /**
   * Runs a task on this loop's thread, after what is already there. Never runs it inside the call.
   *
   * @param task what to run; what it throws is logged
   */
  @Override
  void execute(Runnable task);

  /**
   * Tells whether the caller is on this loop's thread.
   *
   * @return whether the current thread is the loop's
   */
  boolean inLoop();

  /**
   * Spends one attempt of this turn's budget, so that one busy socket does not starve the others.
   * To be called on the loop's thread only, before an attempt; after a refusal the caller puts the
   * rest of its work into {@link #execute} and returns.
   *
   * @return {@code false} if the budget of this turn is spent
   */
  boolean spend();
}

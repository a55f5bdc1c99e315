package dev.ancilla.spi;

import dev.ancilla.EventLoop;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Tells when another attempt on a socket is worth making. See the package for the contract.
 *
 * <p>Programs need it only to build a calling style of their own, or a call the library lacks: try,
 * and after a <em>would block</em> arm, wait for the wake, and try again.
 */
public interface Readiness {
  /**
   * Returns the loop on which wakes run.
   *
   * @return the loop
   */
  EventLoop eventLoop();

  /**
   * Tells whether an attempt in a direction may not be made on the calling thread, but only on the
   * loop's. The members of sockets see to it themselves, by handing the attempt over and waiting
   * for its turn; who must not wait even for that runs the attempt with {@link EventLoop#execute}.
   *
   * @param interest the direction
   * @return whether an attempt of the calling thread is handed to the loop's thread
   */
  default boolean onLoopOnly(Interest interest) {
    return false;
  }

  /**
   * Arms a one-shot wake.
   *
   * @param interest the direction
   * @param wake runs on the loop's thread once the socket is ready or closed; must not block
   * @return the armed wait
   */
  Wait arm(Interest interest, Runnable wake);

  /**
   * Arms a one-shot wake for sending to a target. Waiting to send is more than waiting until the
   * socket is writable: an unconnected Unix datagram socket always is, even when the target's queue
   * is full.
   *
   * @param target where to, or {@code null} for the connected peer
   * @param wake runs on the loop's thread once there may be room at the target, or an error
   * @return the armed wait
   */
  default Wait armSend(@Nullable SocketAddress target, Runnable wake) {
    return arm(Interest.WRITE, wake);
  }

  /**
   * Waits on the calling thread until another attempt is worth making.
   *
   * @param interest the direction
   * @param deadline until when
   * @return {@code false} if the deadline passed first
   * @throws InterruptedIOException if the thread was interrupted; its interrupt status stays set,
   *     and the socket stays as it is
   */
  default boolean await(Interest interest, Deadline deadline) throws InterruptedIOException {
    return Parking.await(wake -> arm(interest, wake), deadline);
  }

  /**
   * Waits on the calling thread until another attempt to send is worth making.
   *
   * @param target where to, or {@code null} for the connected peer
   * @param deadline until when
   * @return {@code false} if the deadline passed first
   * @throws InterruptedIOException if the thread was interrupted; its interrupt status stays set,
   *     and the socket stays as it is
   */
  default boolean awaitSend(@Nullable SocketAddress target, Deadline deadline)
      throws InterruptedIOException {
    return Parking.await(wake -> armSend(target, wake), deadline);
  }

  /**
   * Tells whether it is better to wait before the first attempt to receive: the last one took what
   * there was. A hint that costs nothing and may be wrong; a wait that is armed then fires at once.
   *
   * @return {@code false} if an attempt is worth making, and off the loop's thread
   */
  default boolean likelyEmpty() {
    return false;
  }
}

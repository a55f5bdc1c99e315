package dev.ancilla.engine;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/** The one thread that is not a daemon: it lives while a socket is to keep the process alive. */
final class KeepAlive {
  private static final Set<Object> KEPT = Collections.newSetFromMap(new IdentityHashMap<>());
  private static Thread keeper = new Thread();

  private KeepAlive() {}

  static void set(Object socket, boolean keep) {
    synchronized (KEPT) {
      if (keep ? KEPT.add(socket) : KEPT.remove(socket)) {
        if (keep && KEPT.size() == 1) {
          keeper = new Thread(KeepAlive::stay, "ancilla-keep-alive");
          keeper.setDaemon(false);
          keeper.start();
        } else if (!keep && KEPT.isEmpty()) {
          LockSupport.unpark(keeper);
        }
      }
    }
  }

  private static void stay() {
    while (true) {
      synchronized (KEPT) {
        if (KEPT.isEmpty() || keeper != Thread.currentThread()) {
          return;
        }
      }
      LockSupport.park(KEPT);
      Thread.interrupted(); // An interrupt asks nothing of this thread, and would keep it from
      // parking.
    }
  }
}

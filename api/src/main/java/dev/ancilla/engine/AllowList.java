package dev.ancilla.engine;

import dev.ancilla.PeerCredentials;
import java.util.Set;

/**
 * Who may connect to a server, by the kernel's word. Immutable.
 *
 * @param everybody whether nobody was named
 * @param users the users that may
 * @param groups the groups whose members may
 */
public record AllowList(boolean everybody, Set<Long> users, Set<Long> groups) {

  boolean allows(PeerCredentials peer) {
    return everybody || users.contains(peer.uid()) || groups.contains(peer.gid());
  }
}

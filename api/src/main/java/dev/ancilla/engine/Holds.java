package dev.ancilla.engine;

import dev.ancilla.OwnedFd;
import dev.ancilla.spi.FdHandle;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;

/** Holds the descriptors of a message for as long as its send takes. */
final class Holds {
  private Holds() {}

  static List<OwnedFd.Hold> of(List<OwnedFd> descriptors, String operation) {
    List<OwnedFd.Hold> holds = new ArrayList<>(descriptors.size());
    for (OwnedFd descriptor : descriptors) {
      try {
        holds.add(descriptor.hold());
      } catch (ClosedChannelException e) {
        int position = holds.size() + 1;
        holds.forEach(OwnedFd.Hold::close);
        throw new IllegalArgumentException(
            operation + "descriptor " + position + " of " + descriptors.size() + " is closed", e);
      }
    }
    return holds;
  }

  /** The descriptors that are held, as the provider knows them. */
  static List<FdHandle> handles(List<OwnedFd.Hold> holds) {
    if (holds.size() == 1) {
      return List.of(holds.get(0).handle());
    }
    List<FdHandle> handles = new ArrayList<>(holds.size());
    for (OwnedFd.Hold hold : holds) {
      handles.add(hold.handle());
    }
    return handles;
  }
}

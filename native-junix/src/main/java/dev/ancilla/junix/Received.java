package dev.ancilla.junix;

import dev.ancilla.Ancillary;
import dev.ancilla.OwnedFd;
import java.io.FileDescriptor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Descriptors that came, from junixsocket's hands into ours. */
final class Received {
  private Received() {}

  /**
   * junixsocket closes the descriptors it handed out when the socket that received them closes, and
   * leaves them open across exec: so each is duplicated, which is neither, and the first one
   * closed.
   *
   * @param maxDescriptors how many to keep
   * @param truncated whether some were discarded already
   */
  static Ancillary take(FileDescriptor[] received, int maxDescriptors, boolean truncated) {
    if (received.length == 0 && !truncated) {
      return Ancillary.none();
    }
    List<OwnedFd> kept = new ArrayList<>(received.length);
    boolean full = false;
    for (FileDescriptor descriptor : received) {
      if (kept.size() < maxDescriptors && !full) {
        try {
          kept.add(OwnedFd.wrap(JunixFd.duplicateOf(descriptor)));
        } catch (IOException outOfDescriptors) {
          full = true;
        }
      } else {
        full = true;
      }
      JunixFd.close(descriptor);
    }
    return Ancillary.received(kept, null, truncated || full);
  }
}

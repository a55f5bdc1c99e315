package dev.ancilla.junix;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSelectorProvider;

/** Looks whether a message could be sent now, without sending one. */
final class Room {
  private Room() {}

  /**
   * Tells whether there is room, in the socket's own buffer and at the target. What fails here is
   * left to the send, which reports it.
   */
  static boolean isFor(AFUNIXDatagramChannel channel, @Nullable SocketAddress target)
      throws IOException {
    try (Selector selector = AFUNIXSelectorProvider.provider().openSelector();
        AFUNIXDatagramChannel auxiliary = AFUNIXDatagramChannel.open()) {
      List<SelectionKey> keys = new ArrayList<>();
      if (target != null) {
        Worker.prepare(auxiliary);
        try {
          auxiliary.connect(Addresses.toJunix(target));
        } catch (IOException refused) {
          return true;
        }
        keys.add(auxiliary.register(selector, SelectionKey.OP_WRITE));
      }
      // A connected socket polls writable when its peer has room, which is not the one asked for.
      if (target == null || channel.getRemoteAddress() == null) {
        keys.add(channel.register(selector, SelectionKey.OP_WRITE));
      }
      selector.selectNow();
      boolean room = keys.stream().allMatch(key -> !key.isValid() || key.isWritable());
      keys.forEach(SelectionKey::cancel);
      return room;
    }
  }
}

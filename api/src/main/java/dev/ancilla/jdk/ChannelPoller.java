package dev.ancilla.jdk;

import dev.ancilla.spi.Pollers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.Selector;

/**
 * A selector of one channel in one direction, for one thread at a time. An interrupt ends its wait
 * and does nothing to the channel.
 */
final class ChannelPoller implements Pollers.Poller {
  private final Selector selector;

  private ChannelPoller(Selector selector) {
    this.selector = selector;
  }

  static ChannelPoller open(SelectableChannel channel, int operation) throws IOException {
    Selector selector = Selector.open();
    try {
      channel.register(selector, operation);
      return new ChannelPoller(selector);
    } catch (IOException | RuntimeException | Error e) {
      selector.close();
      throw e;
    }
  }

  void poll(long nanos) {
    long millis = nanos == Long.MAX_VALUE ? 0 : nanos / 1_000_000 + 1;
    try {
      selector.select(ready -> {}, millis);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void wake() {
    selector.wakeup();
  }

  @Override
  public void close() throws IOException {
    selector.close();
  }
}

package dev.ancilla.spi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/**
 * A selector of one channel in one direction, for one thread at a time. An interrupt ends its wait
 * and does nothing to the channel.
 */
public final class ChannelPoller implements Pollers.Poller {
  private final Selector selector;
  private final SelectionKey key;

  private ChannelPoller(Selector selector, SelectionKey key) {
    this.selector = selector;
    this.key = key;
  }

  /**
   * Opens a selector of the channel's provider.
   *
   * @param channel a non-blocking channel
   * @param interest the direction
   * @return the poller, to be closed before the channel is
   * @throws IOException if the process can open no more descriptors, or the channel is closed
   */
  public static ChannelPoller open(SelectableChannel channel, Interest interest)
      throws IOException {
    Selector selector = channel.provider().openSelector();
    try {
      return new ChannelPoller(selector, channel.register(selector, Watch.operation(interest)));
    } catch (IOException | RuntimeException | Error e) {
      selector.close();
      throw e;
    }
  }

  /**
   * Waits until the channel is ready, somebody wakes this, the thread is interrupted, or the time
   * has passed.
   *
   * @param nanos how long at most; {@link Long#MAX_VALUE} is for ever
   */
  public void poll(long nanos) {
    try {
      // Not the forms with an action, which hold the lock that a close wants; and 0 is not for ever
      // with junixsocket.
      if (nanos == Long.MAX_VALUE) {
        selector.select();
      } else {
        selector.select(nanos / 1_000_000 + 1);
      }
      selector.selectedKeys().clear();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void wake() {
    selector.wakeup();
  }

  @Override
  public boolean isSpent() {
    return !key.isValid();
  }

  @Override
  public void close() throws IOException {
    selector.close();
  }
}

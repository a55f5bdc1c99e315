package dev.ancilla.coroutines;

/** What a {@link DgramChannel} does with a message that arrives while its buffer is full. */
public enum Overflow {
  /**
   * Leaves it in the kernel until there is room: a Unix sender waits, a UDP message may be lost.
   */
  SUSPEND,

  /** Drops the oldest message in the buffer. */
  DROP_OLDEST,

  /** Drops the message that arrived. */
  DROP_LATEST,

  /**
   * Ends the channel: its receiver gets what is in the buffer and then a {@link
   * ChannelOverflowException}.
   */
  FAIL,
}

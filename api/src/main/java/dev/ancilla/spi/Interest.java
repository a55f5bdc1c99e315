package dev.ancilla.spi;

/** Names a direction in which one can wait. */
public enum Interest {
  /** Something can be received, accepted, or an error is waiting. */
  READ,
  /** Something can be sent, a connection stands, or an error is waiting. */
  WRITE
}

package dev.ancilla.spi;

/** One armed wake. Safe for use by several threads. */
@FunctionalInterface
public interface Wait {
  /**
   * Gives the wait up. Before the wake has fired it never will, or it fires once without meaning;
   * after it has fired the next waiter is woken in its stead. Idempotent.
   */
  void cancel();
}

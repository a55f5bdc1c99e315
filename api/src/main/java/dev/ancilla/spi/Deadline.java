package dev.ancilla.spi;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A moment until which a call waits, or never. Immutable. */
public final class Deadline {
  /** The deadline that never passes. */
  public static final Deadline NEVER = new Deadline(0, true);

  private final long nanoTime;
  private final boolean never;

  private Deadline(long nanoTime, boolean never) {
    this.nanoTime = nanoTime;
    this.never = never;
  }

  /**
   * Returns the moment a time from now.
   *
   * @param timeout the time, or {@code null} for never
   * @return the deadline; more than 100 years is never
   * @throws IllegalArgumentException if the time is negative
   */
  public static Deadline after(@Nullable Duration timeout) {
    if (timeout == null) {
      return NEVER;
    }
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout is negative: " + timeout);
    }
    if (timeout.toDays() > 36_500) {
      return NEVER;
    }
    return new Deadline(System.nanoTime() + timeout.toNanos(), false);
  }

  /**
   * Tells whether this deadline never passes.
   *
   * @return whether it is {@link #NEVER}
   */
  public boolean isNever() {
    return never;
  }

  /**
   * Returns the time that is left.
   *
   * @return nanoseconds, 0 or less if the moment has passed; {@link Long#MAX_VALUE} for never
   */
  public long remainingNanos() {
    return never ? Long.MAX_VALUE : nanoTime - System.nanoTime();
  }
}

package dev.ancilla.ffm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * A little native memory for one call that is not on the path of messages. Borrowed from a pool,
 * not kept by threads: there may be a million virtual ones.
 */
final class Scratch implements AutoCloseable {
  static final int SIZE = 8192;

  private static final ConcurrentLinkedDeque<Scratch> IDLE = new ConcurrentLinkedDeque<>();

  /** Memory for the call; what is in it is what the last user left. */
  final MemorySegment memory;

  final MemorySegment errno;

  private Scratch() {
    Arena arena = Arena.ofAuto();
    this.memory = arena.allocate(SIZE, 8);
    this.errno = Libc.newErrno(arena);
  }

  static Scratch borrow() {
    Scratch idle = IDLE.poll();
    return idle == null ? new Scratch() : idle;
  }

  @Override
  public void close() {
    IDLE.push(this);
  }
}

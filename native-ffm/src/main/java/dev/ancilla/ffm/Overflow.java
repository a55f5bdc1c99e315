package dev.ancilla.ffm;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Where the rest of a message goes that is longer than its slot: one area for all sockets of a
 * loop, used for the time of one system call. It is address space: a page costs memory once a
 * message has reached it.
 */
record Overflow(MemorySegment memory) {
  /**
   * The room for each message. A Unix datagram is bounded by its sender's buffer, at most twice
   * net.core.wmem_max, which is 212,992 (socket(7)); root may ask for more with SO_SNDBUFFORCE.
   */
  static final int ROOM = 1 << 20;

  long address(int index) {
    return memory.address() + (long) index * ROOM;
  }

  /** The areas of one loop: mostly one; more while several threads receive at the same time. */
  static final class Pool {
    private final ArrayDeque<Overflow> idle = new ArrayDeque<>(); // guarded by this

    Overflow borrow(int messages) {
      synchronized (this) {
        Overflow last = idle.poll();
        if (last != null) {
          if (last.memory.byteSize() >= (long) messages * ROOM) {
            return last;
          }
          last.unmap();
        }
      }
      return map(Math.max(messages, 64));
    }

    synchronized void giveBack(Overflow area) {
      idle.push(area);
    }

    /** Once no socket is left on the loop. */
    synchronized void close() {
      idle.forEach(Overflow::unmap);
      idle.clear();
    }

    private static Overflow map(int messages) {
      long size = (long) messages * ROOM;
      try (Scratch scratch = Scratch.borrow()) {
        long address = LibcFiles.mmap(scratch.errno, size);
        if (address < 0) {
          throw new OutOfMemoryError("mmap of " + size + " bytes: errno " + -address);
        }
        return new Overflow(MemorySegment.ofAddress(address).reinterpret(size));
      }
    }
  }

  private void unmap() {
    try (Scratch scratch = Scratch.borrow()) {
      LibcFiles.munmap(scratch.errno, memory.address(), memory.byteSize());
    }
  }
}

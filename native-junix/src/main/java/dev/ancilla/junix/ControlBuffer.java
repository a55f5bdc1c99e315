package dev.ancilla.junix;

import org.newsclub.net.unix.AFUNIXDatagramChannel;

/** The buffer in which recvmsg(2) leaves descriptors. */
final class ControlBuffer {
  /** What fits the 256 bytes to which junixsocket's setter clamps every size. */
  static final int PUBLIC_LIMIT = 60;

  /** SCM_MAX_FD of Linux. */
  static final int KERNEL_LIMIT = 253;

  /**
   * CMSG_SPACE(253 * sizeof(int)) on 64-bit Linux: a header of 16 bytes, rounded up to 8 (cmsg(3)).
   */
  static final int BYTES_FOR_KERNEL_LIMIT = 16 + (KERNEL_LIMIT * 4 + 7) / 8 * 8;

  private ControlBuffer() {}

  /**
   * Sizes the buffer. With no room at all the kernel discards descriptors without installing them.
   * With some there must be room for all a sender can pass: junixsocket leaks what it installed
   * when there is not.
   */
  static void size(AFUNIXDatagramChannel channel, int maxDescriptors) {
    if (maxDescriptors == 0) {
      return;
    }
    Internals internals = Internals.get();
    if (internals == null) {
      channel.setAncillaryReceiveBufferSize(256);
    } else {
      internals.setAncillaryReceiveBufferSize(channel, BYTES_FOR_KERNEL_LIMIT);
    }
  }
}

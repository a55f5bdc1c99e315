package dev.ancilla;

/**
 * Who is at the other end, in the kernel's word ({@code unix(7)}, {@code SO_PEERCRED} and {@code
 * SCM_CREDENTIALS}).
 *
 * <p>The numbers are those of the moment the kernel noted them: a pid may since belong to another
 * process.
 *
 * @param pid the process, in the receiver's pid namespace
 * @param uid the effective user
 * @param gid the effective group
 */
public record PeerCredentials(long pid, long uid, long gid) {}

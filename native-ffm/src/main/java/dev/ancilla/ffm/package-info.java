/**
 * The fast provider: Linux system calls through {@code java.lang.foreign}, with no native library
 * to ship.
 *
 * <p>What lives here: the C library's calls ({@code Libc}) and the layouts they need ({@code Abi}),
 * each named in one place; the event loop over epoll; and the attempts of a socket. What may not:
 * anything that waits, but for {@code poll(2)} on a thread that asked to, and the loop's own sleep.
 *
 * <p>Memory that the kernel reads or writes is used under a lock, and given back under the same
 * lock: no call sees memory that was freed, and no number of a descriptor that may mean another
 * file.
 */
@NullMarked
package dev.ancilla.ffm;

import org.jspecify.annotations.NullMarked;

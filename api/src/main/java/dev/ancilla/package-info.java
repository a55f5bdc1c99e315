/**
 * What programs use: sockets, messages, addresses, descriptors and errors.
 *
 * <p>{@link dev.ancilla.Sockets} is the entry. Members of sockets and builders never wait for a
 * peer; what can wait lives on a view ({@link dev.ancilla.DgramSocket#blocking()}, {@link
 * dev.ancilla.DgramSocket#async()}) or is a Kotlin extension of the module {@code
 * dev.ancilla.coroutines}. How providers do it stays out of this package.
 */
@NullMarked
package dev.ancilla;

import org.jspecify.annotations.NullMarked;

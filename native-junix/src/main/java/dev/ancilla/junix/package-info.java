/**
 * Unix datagrams, streams and servers over junixsocket-core 2.11.1, with its hazards routed around.
 *
 * <p>Programs do not use this package; {@link dev.ancilla.Sockets} finds it. {@link
 * dev.ancilla.junix.JunixProvider} says what remains.
 */
@NullMarked
package dev.ancilla.junix;

import org.jspecify.annotations.NullMarked;

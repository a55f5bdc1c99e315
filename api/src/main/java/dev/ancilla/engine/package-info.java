/**
 * The engine behind the public types: sockets over transports, and the loop <em>attempt, would
 * block, wait, attempt</em> once per calling style. Not exported; no system call is made here.
 */
@NullMarked
package dev.ancilla.engine;

import org.jspecify.annotations.NullMarked;

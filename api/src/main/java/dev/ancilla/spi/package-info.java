/**
 * What a provider supplies: attempts that never wait, and readiness that tells when another attempt
 * is worth making. Nothing else lives here, and never a completion callback: a cancelled wait loses
 * nothing, a cancelled completion loses a message and leaks its descriptors.
 *
 * <p>The contract, which holds for every type of this package:
 *
 * <ul>
 *   <li>An attempt never waits for a peer, and says <em>would block</em> by a value that means
 *       nothing else.
 *   <li>{@link dev.ancilla.spi.Readiness#arm} is one-shot, fires if ready at or after arming, may
 *       fire spuriously, and can be cancelled.
 *   <li>Several callers may wait in one direction; each message reaches exactly one of them. A wake
 *       is a baton: a woken waiter that gives up before its attempt cancels its wait, and the next
 *       one is woken.
 *   <li>Closing lets the attempts in flight end, never touches a number that may mean another file,
 *       and fires every armed wake.
 * </ul>
 */
@NullMarked
package dev.ancilla.spi;

import org.jspecify.annotations.NullMarked;

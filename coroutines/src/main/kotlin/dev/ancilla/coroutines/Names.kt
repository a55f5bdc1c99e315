package dev.ancilla.coroutines

import dev.ancilla.IpFamily
import dev.ancilla.UdpBuilder
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.future.future
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.SocketAddress

/**
 * Says who looks names up: [resolve], which may suspend. It runs in [scope], and is cancelled when nobody
 * waits for the answer any more.
 *
 * @param resolve returns an address of the host that is of the family, or throws why there is none
 * @return this
 * @see dev.ancilla.Resolver
 */
public fun UdpBuilder.resolver(
    scope: CoroutineScope,
    resolve: suspend (host: String, family: IpFamily) -> InetAddress,
): UdpBuilder = resolver { host, family -> scope.future { resolve(host, family) } }

/** Whether somebody has to look it up first. */
internal fun SocketAddress?.isName(): Boolean = this is InetSocketAddress && isUnresolved

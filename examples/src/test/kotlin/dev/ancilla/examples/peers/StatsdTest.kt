package dev.ancilla.examples.peers

import dev.ancilla.Message
import dev.ancilla.Sockets
import dev.ancilla.coroutines.sendAll
import dev.ancilla.examples.tool.Program
import io.kotest.engine.spec.tempdir
import java.net.InetSocketAddress
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.createDirectories
import kotlin.io.path.writeText

/** collectd(1) as a server of statsd's lines, which writes what it has counted into files. */
internal class StatsdTest : PeerSpec({
    val withCollectd = Program.needed("collectd")
    val directory = tempdir().toPath()

    for (host in listOf("127.0.0.1", "::1")) {
        test("collectd at $host counts every line of statsd").config(enabledOrReasonIf = { withCollectd }) {
            val address = InetSocketAddress(host, unusedPort())
            val data = directory.resolve(if (':' in host) "six" else "four").createDirectories()
            val conf = directory.resolve("collectd.conf").apply { writeText(configuration(address, data)) }
            Program(listOf("collectd", "-f", "-C", "$conf")).use { collectd ->
                collectd.until("socket") { isBound(address.port) }
                Sockets.udp().connect(address).use { client ->
                    val lines = (1..1000).map { "hits:2|c" } + "load:7.5|g"
                    client.sendAll(lines.chunked(20).map { Message.of(it.joinToString("\n")) })
                }
                collectd.until("2,000 hits and a load of 7.5") {
                    lastOf(data, "derive-hits") == 2000.0 && lastOf(data, "gauge-load") == 7.5
                }
            }
        }
    }
})

private fun configuration(address: InetSocketAddress, data: Path) =
    """
    Hostname "here"
    FQDNLookup false
    PIDFile "$data/pid"
    TypesDB "/usr/share/collectd/types.db"
    Interval 0.2
    LoadPlugin statsd
    LoadPlugin csv
    <Plugin statsd>
      Host "${address.address.hostAddress}"
      Port "${address.port}"
    </Plugin>
    <Plugin csv>
      DataDir "$data"
      StoreRates false
    </Plugin>
    """.trimIndent() + "\n"

/** The newest value of a file whose lines are a time and a value; it is named for the day. */
private fun lastOf(data: Path, name: String): Double? = Files
    .walk(data)
    .use { files -> files.filter { it.fileName.toString().startsWith(name) }.toList() }
    .flatMap { Files.readAllLines(it).drop(1) }
    .lastOrNull()
    ?.substringAfter(',')
    ?.toDoubleOrNull()

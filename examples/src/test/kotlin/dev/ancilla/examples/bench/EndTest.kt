package dev.ancilla.examples.bench

import dev.ancilla.spi.SocketKind
import io.kotest.assertions.nondeterministic.eventually
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.longs.shouldBeGreaterThanOrEqual
import io.kotest.matchers.shouldBe
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import kotlin.io.path.readLines
import kotlin.time.Duration.Companion.seconds

private const val MILLIS = 50L

/** What the kernel calls the socket of a path (`SOCK_STREAM` is 1, `SOCK_DGRAM` is 2): proc(5), `/proc/net/unix`. */
private fun typeOf(path: String): Int = Path
    .of("/proc/net/unix")
    .readLines()
    .single { it.endsWith(" $path") }
    .split(' ')[4]
    .toInt(16)

private fun openDescriptors(): Int = Path.of("/proc/self/fd").toFile().list()!!.size

private fun threadsOfLoops() =
    Thread.getAllStackTraces().keys.map { it.name }.filter { it.startsWith("ancilla") }

class EndTest : FunSpec({
    // Short: the paths of sockets are to be in it.
    val directory = Files.createTempDirectory("ends")
    val chosen = System.getProperty("ancilla.provider")
    afterSpec {
        if (chosen ==
            null
        ) {
            System.clearProperty("ancilla.provider")
        } else {
            System.setProperty("ancilla.provider", chosen)
        }
        directory.toFile().deleteRecursively()
    }

    var plays = 0

    /** At a path of its own: a socket may be in the middle of its close when the next is bound. */
    fun Contender.play(figure: Figure): Pair<Run, Run> =
        endOf(provider, sockets, figure, directory.resolve("t${++plays}")).use { taker ->
            endOf(provider, sockets, figure, directory.resolve("g$plays")).use { giver ->
                when (sockets) {
                    SocketKind.UNIX_STREAM.name -> typeOf(taker.where) shouldBe 1
                    SocketKind.UNIX_DGRAM.name -> typeOf(taker.where.removePrefix("unix:")) shouldBe 2
                }
                giver.connect(taker.where)
                val taking = CompletableFuture.supplyAsync(taker::take)
                giver.give(Stopwatch(MILLIS)) to taking.get(20, TimeUnit.SECONDS)
            }
        }

    test("each contender plays each of its figures, on sockets of its kind, and what is given is taken") {
        val contenders = Contender.all()
        contenders.size shouldBeGreaterThan 4

        fun playAll(least: Long) {
            for (contender in contenders) {
                for (figure in contender.figures) {
                    withClue("$contender, $figure") {
                        val (given, taken) = contender.play(figure)
                        taken.count shouldBeGreaterThanOrEqual least
                        if (!contender.losesMessages) taken.count shouldBe given.count
                    }
                }
            }
        }
        playAll(0) // Its classes are loaded, and what is made once is made.
        // Loops end some time after their last socket.
        eventually(10.seconds) { threadsOfLoops().shouldBeEmpty() }
        val before = openDescriptors()
        playAll(1)
        eventually(10.seconds) { threadsOfLoops().shouldBeEmpty() }
        eventually(10.seconds) { openDescriptors() shouldBe before }
    }

    test("the few of a quick look have the baseline, and each provider once") {
        val few = Contender.few()
        few.filter { it.isPlain }.size shouldBe 2
        few.filterNot { it.isPlain }.map { it.provider } shouldBe
            Contender.all().filterNot { it.isPlain }.map { it.provider }.distinct()
    }
})

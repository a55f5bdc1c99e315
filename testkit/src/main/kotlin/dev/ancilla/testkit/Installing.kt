package dev.ancilla.testkit

import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramBuilder
import io.kotest.assertions.withClue
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.concurrent.thread

/** What the kernel installs in this process, and what it makes in the file system: no more than was asked. */
internal fun ContractSpec.installing() {
    scenario("exactly the descriptors that were asked for are open while a message is, and none after") {
        val most = if (Feature.MANY_DESCRIPTORS in features) UnixDgramBuilder.DESCRIPTORS_PER_MESSAGE else 60
        val file = fileWith("a")
        // Odd numbers too: the kernel aligns what it has room for, and could then install one more.
        for (asked in listOf(0, 1, 2, 3, 4, 5, most - 1)) {
            val receiver = receiverOf(asked)
            val sender = connectedTo(receiver)
            for (sent in setOf(asked, asked + 1, most).filter { it <= most }) {
                val before = Census.take()
                sender.send(Message.of("hostile").with(*Array(sent) { file }))
                receiver.receive().use {
                    withClue("$sent where $asked were asked for") {
                        it.ancillary().descriptors().size shouldBe minOf(sent, asked)
                        Census.take().since(before).size shouldBe minOf(sent, asked)
                        // Without the feature a provider knows of what it discarded itself.
                        if (Feature.ANCILLARY_TRUNCATION in features || asked > 0) {
                            it.ancillary().truncated() shouldBe (sent > asked)
                        }
                    }
                }
                before.expectUnchanged()
            }
        }
    }

    inEveryStyle("a received descriptor is close-on-exec when its receiver sees it") {
        val receiver = receiverOf(3)
        val sender = connectedTo(receiver)
        repeat(20) {
            sender.send(Message.of("three").with(fileWith("a"), fileWith("b"), fileWith("c")))
            receiver.receive().use {
                it.ancillary().descriptors().map(OwnedFd::isCloseOnExec) shouldBe List(3) { true }
            }
        }
    }

    if (Feature.ATOMIC_MODE in features) {
        for (mode in listOf("rw-------", "-w-------", "---------", "rw-rw----")) {
            scenario("nobody ever sees a socket file with more than the mode $mode that was asked for") {
                val bits = PosixFilePermissions.fromString(mode).sumOf { 256 shr it.ordinal }
                val path = freshPath()
                val seen = ConcurrentHashMap.newKeySet<String>()
                val over = AtomicBoolean()
                val reader = thread(name = "reader") { while (!over.get()) modeOf(path)?.let(seen::add) }
                var looked = 0
                try {
                    until("it was seen often") {
                        Sockets.unixDgram().mode(bits).bind(UnixAddress.path(path)).use {
                            modeOf(path) shouldBe mode
                        }
                        looked++ >= 500 && seen.isNotEmpty()
                    }
                } finally {
                    over.set(true)
                    reader.join()
                }
                val allowed = PosixFilePermissions.fromString(mode)
                seen.filterNot { allowed.containsAll(PosixFilePermissions.fromString(it)) }.shouldBeEmpty()
            }
        }
    }
}

private fun modeOf(path: Path): String? = try {
    PosixFilePermissions.toString(Files.getPosixFilePermissions(path))
} catch (_: IOException) {
    null // Not yet, or not any more.
}

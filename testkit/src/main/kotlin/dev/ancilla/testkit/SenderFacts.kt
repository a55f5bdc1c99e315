package dev.ancilla.testkit

import dev.ancilla.Ancillary
import dev.ancilla.DgramSocket
import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.PeerCredentials
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramBuilder
import dev.ancilla.UnixDgramSocket
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.nulls.shouldNotBeNull
import io.kotest.matchers.shouldBe
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import java.time.Instant
import java.time.temporal.ChronoUnit

/** What the kernel tells of a message beside its descriptors: who sent it, and when. */
internal fun ContractSpec.senderFacts() {
    askedFor(Feature.MESSAGE_CREDENTIALS, "messageCredentials()") { messageCredentials() }
    askedFor(Feature.MESSAGE_PIDFDS, "messagePidfds()") { messagePidfds() }
    askedFor(Feature.TIMESTAMPS, "timestamps()") { timestamps() }

    scenario("a socket that asked for nothing is told nothing") {
        val receiver = bound()
        connectedTo(receiver).send("plain")
        receiver.receive().use {
            it.ancillary().credentials() shouldBe null
            it.ancillary().pidfd() shouldBe null
            it.ancillary().timestamp() shouldBe null
            shouldThrow<NoSuchElementException> { it.ancillary().takePidfd() }
        }
    }

    if (Feature.MESSAGE_CREDENTIALS in features) credentials()
    if (Feature.MESSAGE_PIDFDS in features) pidfds()
    if (Feature.TIMESTAMPS in features) timestamps()
    if (ALL_FACTS.all { it in features }) allFacts()
}

private val ALL_FACTS = setOf(Feature.MESSAGE_CREDENTIALS, Feature.MESSAGE_PIDFDS, Feature.TIMESTAMPS)

/** A provider without the feature refuses to be asked, and has then done nothing. */
private fun ContractSpec.askedFor(feature: Feature, call: String, ask: UnixDgramBuilder.() -> Unit) {
    if (feature in features) {
        scenario("a pair, an adopted socket and one that is connected have $call too") {
            val before = Census.take()
            keep(Sockets.unixDgram().bind(UnixAddress.path(freshPath())))
            val descriptor = duplicateOf(before)
            val asking = Sockets.unixDgram().apply(ask)
            val pair = keep(asking.pair())
            val adopted = keep(asking.adopt(descriptor))
            val connected = keep(asking.open()).also { it.bind(UnixAddress.path(freshPath())) }
            connected.connect(adopted.localAddress())

            pair.right().send("to the left")
            pair.left().send("to the right")
            open().send("to the adopted", adopted.localAddress())
            adopted.send("to the connected", connected.localAddress())
            for (socket in listOf(pair.left(), pair.right(), adopted, connected)) {
                socket.receive().use { it.ancillary().has(feature) shouldBe true }
            }
        }
    } else {
        scenario("$call is refused before anything is done, for the provider has no $feature") {
            val path = freshPath()
            val address = UnixAddress.path(path)
            val descriptor = fileWith("no socket")
            val before = Census.take()
            val ways =
                listOf<UnixDgramBuilder.() -> Any>(
                    { open() },
                    { bind(address) },
                    { connect(address) },
                    { pair() },
                    { adopt(descriptor) },
                    { newEventLoop("never") },
                )
            for (way in ways) {
                val refusal =
                    shouldThrow<UnsupportedFeatureException> {
                        Sockets.unixDgram().apply(ask).way()
                    }
                refusal.feature() shouldBe feature
                refusal.provider() shouldBe subject.provider
            }
            Files.exists(path) shouldBe false
            descriptor.isOpen shouldBe true
            before.expectUnchanged()
        }
    }
}

private fun Ancillary.has(feature: Feature): Boolean = when (feature) {
    Feature.MESSAGE_CREDENTIALS -> credentials() == ourselves()
    Feature.MESSAGE_PIDFDS -> pidfd()?.pid() == ProcessHandle.current().pid()
    else -> timestamp() != null
}

private fun ContractSpec.credentials() {
    inEveryStyle("each message tells the pid, uid and gid of the process that sent it") {
        val receiver = asking { messageCredentials() }
        connectedTo(receiver).send("from here")
        val child = childThatSends(receiver, "from a child")

        receiver.receive().use {
            it.text() shouldBe "from here"
            it.ancillary().credentials() shouldBe ourselves()
        }
        receiver.receive().use {
            it.text() shouldBe "from a child"
            it.ancillary().credentials() shouldBe PeerCredentials(child.pid, ourselves().uid, ourselves().gid)
        }
    }

    inEveryStyle("each message of a batch tells who sent it", Style.batching) {
        val receiver = asking { messageCredentials() }
        val sender = connectedTo(receiver)
        sender.send("0")
        val child = childThatSends(receiver, "1")
        sender.send("2")

        val batch = keep(receiver.newReceiveBatch(8))
        receiver.receiveBatch(batch) shouldBe 3

        List(3) { batch.ancillary(it).credentials()?.pid }
            .shouldContainExactly(ourselves().pid, child.pid, ourselves().pid)
    }

    scenario("a message of another user tells that user", missing = Privileges::withoutOtherUser) {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"))
        val path = freshPath()
        val receiver =
            keep(Sockets.unixDgram().messageCredentials().mode(511).bind(UnixAddress.path(path)))

        val logger =
            Forked.start(
                Privileges.OTHERS + listOf("logger", "--socket", path.toString(), "by another"),
            )

        receiver.receive().use {
            it.ancillary().credentials() shouldBe
                PeerCredentials(logger.pid(), OTHER_ID.toLong(), OTHER_ID.toLong())
        }
        logger.waitFor() shouldBe 0
    }
}

private fun ContractSpec.pidfds() {
    inEveryStyle("each message brings a descriptor of the process that sent it") {
        val receiver = asking { messagePidfds() }
        connectedTo(receiver).send("from here")
        val child = childThatSends(receiver, "from a child")

        receiver.receive().use { it.ancillary().pidfd()?.pid() shouldBe ourselves().pid }
        val taken =
            receiver.receive().use {
                it.text() shouldBe "from a child"
                it.ancillary().descriptors().size shouldBe 0
                val pidfd = keep(it.ancillary().takePidfd())
                it.ancillary().pidfd() shouldBe null
                shouldThrow<NoSuchElementException> { it.ancillary().takePidfd() }
                pidfd
            }
        taken.pid() shouldBe child.pid
        taken.isCloseOnExec() shouldBe true
        child.close()
        until("the process has ended") { taken.pid() == -1L }
    }

    scenario("a pidfd that nobody took is closed with its message, its batch and its socket") {
        val receiver = asking { messagePidfds() }
        val sender = connectedTo(receiver)
        sender.send("first")
        val first = receiver.receive().use { it.ancillary().pidfd().shouldNotBeNull() }
        first.isOpen shouldBe false

        val batch = keep(receiver.newReceiveBatch(1))
        repeat(2) { sender.send("batched") }
        receiver.receiveBatch(batch) shouldBe 1
        val second = batch.ancillary(0).pidfd().shouldNotBeNull()
        receiver.receiveBatch(batch) shouldBe 1
        second.isOpen shouldBe false
        val third = batch.ancillary(0).pidfd().shouldNotBeNull()
        third.pid() shouldBe ourselves().pid
        batch.close()
        third.isOpen shouldBe false

        repeat(5) { sender.send("unread") }
        receiver.receive().close()
    }
}

private fun ContractSpec.timestamps() {
    inEveryStyle("each message tells when the kernel took it, however long it waited") {
        val receiver = asking { timestamps() }
        val sender = connectedTo(receiver)
        val batch = if (style in Style.batching) keep(receiver.newReceiveBatch(1)) else null
        repeat(4) { round ->
            val before = Instant.now().truncatedTo(ChronoUnit.MICROS)
            sender.send("$round")
            val after = Instant.now().plus(1, ChronoUnit.MICROS)
            Thread.sleep(20)

            val told =
                if (round % 2 == 1 && batch != null) {
                    receiver.receiveBatch(batch) shouldBe 1
                    batch.ancillary(0).timestamp()
                } else {
                    receiver.receive().use { it.ancillary().timestamp() }
                }

            told.shouldNotBeNull()
            withClue("$before <= $told <= $after") { (told in before..after) shouldBe true }
        }
    }
}

private fun ContractSpec.allFacts() {
    scenario("all of it comes beside the descriptors, as many as were asked for") {
        for (count in listOf(0, 1, 2, 3, 252, UnixDgramBuilder.DESCRIPTORS_PER_MESSAGE)) {
            val receiver =
                asking {
                    messageCredentials()
                    messagePidfds()
                    timestamps()
                    maxDescriptors(count)
                }
            val sender = connectedTo(receiver)
            val file = fileWith("a")
            // One more than was asked for, where that can be sent.
            for (sent in setOf(count, minOf(count + 1, UnixDgramBuilder.DESCRIPTORS_PER_MESSAGE))) {
                sender.send(Message.of("x").with(*Array(sent) { file }))
                withClue("$sent descriptors where $count were asked for") {
                    receiver.receive().use {
                        it.ancillary().descriptors().size shouldBe count
                        it.ancillary().truncated() shouldBe (sent > count)
                        // The room for a pidfd is the last, and descriptors nobody asked for may take it.
                        val told = if (sent > count) ALL_FACTS - Feature.MESSAGE_PIDFDS else ALL_FACTS
                        for (feature in told) it.ancillary().has(feature) shouldBe true
                    }
                }
            }
        }
    }
}

/** Binds a socket that asks for more than others. */
internal fun Scene.asking(ask: UnixDgramBuilder.() -> Unit): UnixDgramSocket =
    keep(Sockets.unixDgram().apply(ask).bind(UnixAddress.path(freshPath())))

/** A child process that has sent [text] to [receiver], and lives on. */
private fun Scene.childThatSends(receiver: DgramSocket, text: String): Child =
    keep(Child.start("send", (receiver.localAddress() as UnixAddress).toPath().toString(), text))
        .also { it.line() shouldBe "sent" }

/** This process, as the kernel sees it. */
private fun ourselves() = PeerCredentials(ProcessHandle.current().pid(), id("Uid"), id("Gid"))

/** The real one, which is the first of four: proc(5). */
private fun id(which: String): Long = Files
    .readAllLines(Path.of("/proc/self/status"))
    .first { it.startsWith("$which:") }
    .split('\t')[1]
    .toLong()

/** The process that a pidfd means: pidfd_open(2) says where that stands. */
private fun OwnedFd.pid(): Long = fdinfo("Pid").toLong()

/** Whether the descriptor has O_CLOEXEC, 02000000. */
internal fun OwnedFd.isCloseOnExec(): Boolean = fdinfo("flags").toLong(8) and 0x80000L != 0L

private fun OwnedFd.fdinfo(key: String): String = Files
    .readAllLines(Path.of("/proc/self/fdinfo/${number()}"))
    .first { it.startsWith("$key:") }
    .substringAfter(':')
    .trim()

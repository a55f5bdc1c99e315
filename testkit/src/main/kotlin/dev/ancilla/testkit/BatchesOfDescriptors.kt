package dev.ancilla.testkit

import dev.ancilla.Feature
import dev.ancilla.Message
import dev.ancilla.OwnedFd
import dev.ancilla.ReceiveBatch
import dev.ancilla.UnixAddress
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.collections.shouldContainExactly
import io.kotest.matchers.shouldBe
import java.nio.ByteBuffer

/** Descriptors in batches: each beside its own message, and none left behind. */
internal fun ContractSpec.batchesOfDescriptors() {
    inEveryStyle("every descriptor stays with its own message of a batch, in and out", Style.batching) {
        val receiver = receiverOf(2)
        val sender = connectedTo(receiver)
        val outgoing = keep(sender.newSendBatch(4))
        outgoing.add(Message.of("none")) shouldBe true
        outgoing.add(Message.of("1").with(fileWith("a"))) shouldBe true
        outgoing.add(Message.of("none")) shouldBe true
        outgoing.add(Message.empty().with(fileWith("b"), fileWith("c"))) shouldBe true
        sender.sendBatch(outgoing)

        val got = ArrayList<List<String>>()
        val batch = keep(receiver.newReceiveBatch(4))
        while (got.size < 4) repeat(receiver.receiveBatch(batch)) { got += batch.readDescriptors(it) }

        got.shouldContainExactly(listOf(), listOf("a"), listOf(), listOf("b", "c"))
    }

    inEveryStyle(
        "descriptors of a batch that nobody took are closed when it is filled again and when it is closed",
        Style.batching,
    ) {
        val receiver = receiverOf(2)
        val sender = connectedTo(receiver)
        val batch = keep(receiver.newReceiveBatch(2))

        fun fill(): List<OwnedFd> {
            sender.send(Message.of("two").with(fileWith("a"), fileWith("b")))
            receiver.receiveBatch(batch) shouldBe 1
            return batch.ancillary(0).descriptors()
        }
        val taken = fill().also { keep(batch.ancillary(0).take()) }
        batch.ancillary(0).descriptors().shouldContainExactly(taken[1])

        val again = fill()
        taken.map(OwnedFd::isOpen).shouldContainExactly(true, false)
        taken[0].readText() shouldBe "a"
        again.map(OwnedFd::isOpen).shouldContainExactly(true, true)

        receiver.tryReceive(batch) shouldBe 0 // Drops what it held, though nothing came.
        again.map(OwnedFd::isOpen).shouldContainExactly(false, false)

        val last = fill()
        val kept = keep(batch.ancillary(0).take())
        receiver.close()
        batch.close()
        last.map(OwnedFd::isOpen).shouldContainExactly(true, false)
        kept.readText() shouldBe "a"
        taken[0].readText() shouldBe "a"
    }

    inEveryStyle(
        "of more descriptors than were asked for a batch closes the rest, and says so",
        Style.batching,
    ) {
        val receiver = receiverOf(2)
        val sender = connectedTo(receiver)
        sender.send(Message.of("five").with(*Array(5) { fileWith("$it") }))
        sender.send(Message.of("two").with(*Array(2) { fileWith("$it") }))

        val batch = keep(receiver.newReceiveBatch(1))
        receiver.receiveBatch(batch) shouldBe 1
        batch.ancillary(0).truncated() shouldBe true
        batch.readDescriptors(0).shouldContainExactly("0", "1")
        receiver.receiveBatch(batch) shouldBe 1
        batch.ancillary(0).truncated() shouldBe false
        batch.readDescriptors(0).shouldContainExactly("0", "1")
    }

    inEveryStyle(
        "a batch tells each sender apart: a path, an abstract name and none",
        Style.batching,
        without(Feature.ABSTRACT_NAMES),
    ) {
        val receiver = bound()
        val names = listOf(null, subject.freshAddress(directory), UnixAddress.autobind(), null)
        val senders = names.map { name -> open().also { if (name != null) it.bind(name) } }
        senders.forEach { it.send("who?", receiver.localAddress()) }

        val batch = keep(receiver.newReceiveBatch(4))
        receiver.receiveBatch(batch) shouldBe 4

        List(4) { batch.sender(it) } shouldBe
            senders.zip(names) { sender, name -> if (name == null) null else sender.localAddress() }
    }

    scenario("a batch holds what it lends until the message has gone, is dropped, or the batch is closed") {
        val receiver = receiverOf(1)
        val sender = connectedTo(receiver)
        val batch = sender.newSendBatch(8)
        val ways =
            listOf<() -> Unit>(
                { sender.trySend(batch) shouldBe 2 },
                { repeat(2) { batch.removeFirst() } },
                { batch.clear() },
                { batch.close() },
            )
        for (letGo in ways) {
            val lent = fileWith("a")
            batch.add(Message.of("without"))
            batch.add(Message.of("with").with(lent))
            shouldThrow<IllegalStateException> { lent.release() } // Refused while anybody holds it.

            letGo()

            lent.release().let(OwnedFd::of).close()
        }
        receiver.receiveText() shouldBe "without"
        receiver.receiveText() shouldBe "with"
        receiver.tryReceive() shouldBe null
    }

    inEveryStyle("a descriptor that is closed early waits in its batch, and goes with it", Style.batching) {
        val full = Full(this, connected = true)
        val receiver = receiverOf(1)
        val batch = keep(full.sender.newSendBatch(3))
        batch.add(full.message("waits"))
        for (text in listOf("a", "b")) {
            val message = Message.of(text).to(receiver.localAddress())
            fileWith(text).use { batch.add(message.with(it)) shouldBe true }
        }
        val send = style.sendBatch(full.sender, batch)
        send.expectWaiting()

        repeat(full.count) { full.receiver.receiveText() shouldBe "fill" }

        send.await()
        for (text in listOf("a", "b")) {
            receiver.receive().use {
                it.text() shouldBe text
                it.readDescriptors().shouldContainExactly(text)
            }
        }
    }

    inEveryStyle(
        "a batch that failed or was given up holds what is left of it, until it is cleared",
        Style.batching,
    ) {
        val receiver = receiverOf(1)
        val sender = open()
        val batch = keep(sender.newSendBatch(3))
        val files = List(3) { fileWith("$it") }
        val targets = listOf(receiver.localAddress(), UnixAddress.path(freshPath()), receiver.localAddress())
        files.zip(targets) { file, target -> batch.add(Message.of("x").to(target).with(file)) }

        shouldThrow<dev.ancilla.SocketOpException> { sender.sendBatch(batch) }

        files[0].release().let(OwnedFd::of).close()
        for (file in files.drop(1)) shouldThrow<IllegalStateException> { file.release() }
        batch.removeFirst()
        files[1].release().let(OwnedFd::of).close()
        sender.sendBatch(batch)
        files[2].release().let(OwnedFd::of).close()
        List(2) { receiver.receive().readDescriptors() }.shouldContainExactly(listOf("0"), listOf("2"))
    }

    scenario("a forgotten batch keeps no pipe open once it is closed, and its socket's queue neither") {
        val receiver = receiverOf(1)
        val pipe = keep(OwnedFd.pipe())
        val sender = connectedTo(receiver)
        val batch = sender.newSendBatch(4)
        repeat(4) { batch.add(Message.of("unread").with(pipe.writer())) }
        sender.trySend(batch) shouldBe 4
        repeat(2) { batch.add(Message.of("unsent").with(pipe.writer())) }
        pipe.writer().close()
        val incoming = receiver.newReceiveBatch(2)
        receiver.tryReceive(incoming) shouldBe 2

        incoming.close()
        receiver.close()
        batch.close()

        // The end of the pipe is read once its last writer is closed.
        pipe.reader().channel().read(ByteBuffer.allocate(1)) shouldBe -1
    }
}

/** Takes the descriptors that came with a message, reads each, and closes it. */
internal fun ReceiveBatch.readDescriptors(index: Int): List<String> =
    ancillary(index).takeAll().map { taken -> taken.use(OwnedFd::readText) }

package dev.ancilla

import dev.ancilla.scripted.Logged
import dev.ancilla.scripted.ScriptedFd
import dev.ancilla.scripted.waitFor
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.nio.channels.ClosedChannelException
import java.nio.file.Path

class OwnedFdTest : FunSpec({
    test("closing closes once, however often and from however many threads") {
        val handle = ScriptedFd()
        val fd = OwnedFd.wrap(handle)
        val threads = List(8) { Thread { repeat(100) { fd.close() } }.apply { start() } }
        threads.forEach { it.join() }
        handle.closes.get() shouldBe 1
        fd.isOpen shouldBe false
        fd.toString() shouldBe "OwnedFd(closed)"
    }

    test("a close waits for the last hold, without blocking") {
        val handle = ScriptedFd(number = 77)
        val fd = OwnedFd.wrap(handle)
        val first = fd.hold()
        val second = fd.hold()
        fd.close()
        fd.isOpen shouldBe false
        handle.closes.get() shouldBe 0
        first.handle().number() shouldBe 77
        repeat(2) { first.close() }
        handle.closes.get() shouldBe 0
        second.close()
        handle.closes.get() shouldBe 1
    }

    test("after close there is no number, no hold and no duplicate") {
        val fd = OwnedFd.wrap(ScriptedFd())
        fd.close()
        shouldThrow<ClosedChannelException> { fd.number() }
        shouldThrow<ClosedChannelException> { fd.hold() }
        shouldThrow<ClosedChannelException> { fd.duplicate() }
        shouldThrow<ClosedChannelException> { fd.release() }
        shouldThrow<ClosedChannelException> { fd.fileDescriptor() }
    }

    test("what was released is not closed") {
        val handle = ScriptedFd(number = 78)
        val fd = OwnedFd.wrap(handle)
        fd.release() shouldBe 78
        fd.close()
        fd.isOpen shouldBe false
        shouldThrow<ClosedChannelException> { fd.release() }
        handle.closes.get() shouldBe 0
    }

    test("what is in use cannot be released, and stays") {
        val handle = ScriptedFd(number = 79)
        val fd = OwnedFd.wrap(handle)
        fd.hold().use {
            shouldThrow<IllegalStateException> { fd.release() }.message shouldBe "descriptor 79 is in use"
        }
        fd.isOpen shouldBe true
        fd.close()
        handle.closes.get() shouldBe 1
    }

    test("holds that race a close never see a closed handle") {
        repeat(500) {
            val handle = ScriptedFd(content = "x")
            val fd = OwnedFd.wrap(handle)
            val failures = java.util.concurrent.ConcurrentLinkedQueue<Throwable>()
            val readers =
                List(2) {
                    Thread {
                        try {
                            while (true) fd.channel().read(java.nio.ByteBuffer.allocate(1))
                        } catch (closed: ClosedChannelException) {
                            // The end.
                        } catch (wrong: IllegalStateException) {
                            failures += wrong
                        }
                    }.apply { start() }
                }
            fd.close()
            readers.forEach { it.join() }
            failures.toList() shouldBe emptyList()
            handle.closes.get() shouldBe 1
        }
    }

    test("a duplicate has its own life") {
        val handle = ScriptedFd()
        val fd = OwnedFd.wrap(handle)
        val duplicate = fd.duplicate()
        fd.close()
        duplicate.isOpen shouldBe true
        duplicate.close()
    }

    test("a forgotten descriptor is closed by the collector and reported once") {
        val handle = ScriptedFd(number = 4242)
        Logged(OwnedFd::class.java.name).use { log ->
            forget(handle)
            waitFor(1) {
                System.gc()
                handle.closes.get()
            }
            waitFor(1) { log.records.size }
            val formatted =
                java.text.MessageFormat.format(
                    log.records.single().message,
                    *log.records.single().parameters,
                )
            formatted shouldBe "descriptor 4242 was never closed; it is closed now"
        }
    }

    test("descriptors of a forgotten datagram are closed too, and those of a closed one are not reported") {
        val forgotten = ScriptedFd()
        val closed = ScriptedFd()
        Logged(OwnedFd::class.java.name).use { log ->
            forgetDatagram(forgotten)
            forgetClosed(closed)
            waitFor(1) {
                System.gc()
                forgotten.closes.get()
            }
            waitFor(1) { log.records.size }
            closed.closes.get() shouldBe 1
        }
    }

    test("opening asks the highest provider that has descriptors") {
        OwnedFd.open(Path.of("/some/file")).use {
            String(it.inputStream().readAllBytes()) shouldBe
                "/some/file"
        }
        OwnedFd.of(12).use { it.number() shouldBe 12 }
        shouldThrow<IllegalArgumentException> { OwnedFd.of(-1) }.message shouldContain "-1"
        OwnedFd.pipe().use { pipe ->
            pipe.close()
            pipe.reader().isOpen shouldBe false
            pipe.writer().isOpen shouldBe false
        }
        shouldThrow<UnsupportedFeatureException> { OwnedFd.memfd("x") }.feature() shouldBe Feature.MEMFD
    }
})

// Functions of their own, so that no frame of the test keeps the object alive.

private fun forget(handle: ScriptedFd) {
    OwnedFd.wrap(handle).number()
}

private fun forgetClosed(handle: ScriptedFd) = OwnedFd.wrap(handle).close()

private fun forgetDatagram(handle: ScriptedFd) {
    val ancillary = Ancillary.received(listOf(OwnedFd.wrap(handle)), null, false)
    Datagram(java.nio.ByteBuffer.allocate(0), null, ancillary, 0).text()
}

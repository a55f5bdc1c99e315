package dev.ancilla

import dev.ancilla.scripted.ScriptedFd
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeSameInstanceAs
import java.util.concurrent.ConcurrentLinkedQueue

class AncillaryTest : FunSpec({
    test("descriptors are taken in the order of sending, each once") {
        val fds = List(3) { OwnedFd.wrap(ScriptedFd()) }
        val ancillary = Ancillary.received(fds, null, false)
        ancillary.take() shouldBeSameInstanceAs fds[0]
        ancillary.descriptors() shouldBe fds.drop(1)
        ancillary.takeAll() shouldBe fds.drop(1)
        ancillary.takeAll() shouldBe emptyList()
        shouldThrow<NoSuchElementException> { ancillary.take() }
        ancillary.close()
        fds.all { it.isOpen } shouldBe true
        fds.forEach { it.close() }
    }

    test("of several threads that take each gets its own") {
        val handles = List(1_000) { ScriptedFd() }
        val ancillary = Ancillary.received(handles.map { OwnedFd.wrap(it) }, null, false)
        val taken = ConcurrentLinkedQueue<OwnedFd>()
        val threads =
            List(4) { n ->
                Thread {
                    try {
                        while (true) taken += ancillary.take()
                    } catch (none: NoSuchElementException) {
                        if (n == 0) ancillary.close()
                    }
                }.apply { start() }
            }
        threads.forEach { it.join() }
        taken.toSet().size shouldBe 1_000
        taken.size shouldBe 1_000
        taken.forEach { it.close() }
        handles.map { it.closes.get() }.toSet() shouldBe setOf(1)
    }

    test("lent descriptors stay the sender's") {
        val handle = ScriptedFd()
        val fd = OwnedFd.wrap(handle)
        val lent = Ancillary.lend(fd)
        shouldThrow<IllegalStateException> { lent.take() }
        shouldThrow<IllegalStateException> { lent.takeAll() }
        lent.close()
        fd.isOpen shouldBe true
        fd.close()
        handle.closes.get() shouldBe 1
    }

    test("nothing is one and the same") {
        Ancillary.lend() shouldBeSameInstanceAs Ancillary.none()
        Ancillary.received(emptyList(), null, false) shouldBeSameInstanceAs Ancillary.none()
        Ancillary.none().takeAll() shouldBe emptyList()
        shouldThrow<NoSuchElementException> { Ancillary.none().take() }
        Ancillary.none().close()
    }

    test("that descriptors are missing is told even if none came, and so are credentials") {
        Ancillary.received(emptyList(), null, true).truncated() shouldBe true
        val credentials = PeerCredentials(1, 2, 3)
        Ancillary.received(emptyList(), credentials, false).credentials() shouldBe credentials
        Ancillary.none().truncated() shouldBe false
        Ancillary.none().credentials() shouldBe null
    }
})

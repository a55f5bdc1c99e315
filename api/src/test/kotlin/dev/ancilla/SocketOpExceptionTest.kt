package dev.ancilla

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldEndWith

class SocketOpExceptionTest : FunSpec({
    val here = UnixAddress.path("/run/here.sock")
    val there = UnixAddress.path("/run/there.sock")

    test("the message names operation, reason, address and text") {
        fun message(local: UnixAddress?, remote: UnixAddress?, text: String? = null) =
            SocketOpException("send", Errno.ENOENT, text, local, remote).message
        message(null, null) shouldBe "send ENOENT: No such file or directory"
        message(null, there) shouldBe "send ENOENT unix:/run/there.sock: No such file or directory"
        message(here, null) shouldBe "send ENOENT unix:/run/here.sock: No such file or directory"
        message(here, there) shouldBe
            "send ENOENT unix:/run/there.sock: No such file or directory (from unix:/run/here.sock)"
        message(UnixAddress.unnamed(), there) shouldBe
            "send ENOENT unix:/run/there.sock: No such file or directory"
        message(null, there, "Datei oder Verzeichnis nicht gefunden").shouldEndWith("nicht gefunden")
    }

    test("the parts can be had apart") {
        val failure = SocketOpException("bind", Errno.UNKNOWN, "Unbekannter Fehler", here, there)
        failure.operation() shouldBe "bind"
        failure.errno() shouldBe Errno.UNKNOWN
        failure.text() shouldBe "Unbekannter Fehler"
        failure.localAddress() shouldBe here
        failure.remoteAddress() shouldBe there
        SocketOpException("bind", Errno.EACCES, null, null, null).text() shouldBe "Permission denied"
    }

    test("an error is found by its number and by its English text") {
        for (errno in Errno.entries) {
            Errno.ofNumber(errno.number()) shouldBe errno
            Errno.ofText(errno.text()) shouldBe errno
            Errno.ofText(" ${errno.text().uppercase()}\n") shouldBe errno
        }
        Errno.entries.map { it.number() }.toSet().size shouldBe Errno.entries.size
        Errno.ofNumber(4711) shouldBe Errno.UNKNOWN
        Errno.ofText("Adresse wird bereits verwendet") shouldBe Errno.UNKNOWN
        Errno.ofText(null) shouldBe Errno.UNKNOWN
    }

    test("a missing feature names provider, request and where it is") {
        val failure = UnsupportedFeatureException(Feature.MEMFD, "jdk", "memfd(x)")
        failure.message shouldBe
            "memfd(x) needs MEMFD, which provider jdk lacks here; it is in ancilla-native-ffm"
        failure.feature() shouldBe Feature.MEMFD
        failure.provider() shouldBe "jdk"
    }
})

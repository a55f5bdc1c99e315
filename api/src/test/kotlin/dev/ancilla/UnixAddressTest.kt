package dev.ancilla

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.shouldNotBe
import io.kotest.matchers.string.shouldContain
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.ObjectInputStream
import java.io.ObjectOutputStream
import java.net.UnixDomainSocketAddress
import java.nio.file.Path
import kotlin.random.Random

class UnixAddressTest : FunSpec({
    fun bytes(vararg values: Int) = ByteArray(values.size) { values[it].toByte() }

    test("any abstract name is read as it was written") {
        val random = Random(42)
        repeat(20_000) {
            val address = UnixAddress.abstractName(random.nextBytes(random.nextInt(1, 108)))
            val text = address.toString()
            text.all { it in ' '..'~' } shouldBe true
            UnixAddress.parse(text) shouldBe address
            UnixAddress.parse(text.removePrefix("unix:")) shouldBe address
        }
    }

    test("any path of text is read as it was written") {
        val random = Random(43)
        repeat(20_000) {
            val text = String(CharArray(random.nextInt(1, 30)) { random.nextInt(1, 0xd800).toChar() })
            val address = UnixAddress.path("/$text")
            UnixAddress.parse(address.toString()) shouldBe address
        }
    }

    test("escapes name every byte, and what is no escape is refused") {
        UnixAddress.parse("unix:@a\\0b\\\\c\\x7F\\xff").name() shouldBe
            bytes('a'.code, 0, 'b'.code, '\\'.code, 'c'.code, 0x7f, 0xff)
        UnixAddress.parse("@\\01").name() shouldBe bytes(0, '1'.code)
        UnixAddress.parse("@ü").name() shouldBe "ü".toByteArray()
        for (bad in listOf("@\\", "@\\a", "@\\x", "@\\x1", "@\\x+f", "@\\x-f", "@\\xg0", "@\\x0g", "@\\xü")) {
            shouldThrow<IllegalArgumentException> { UnixAddress.parse(bad) }.message shouldBe
                "bad escape after \\ in address: $bad"
        }
    }

    test("texts say what kind of address it is") {
        UnixAddress.path("/run/x.sock").toString() shouldBe "unix:/run/x.sock"
        UnixAddress.abstractName("x y").toString() shouldBe "unix:@x\\x20y"
        UnixAddress.unnamed().toString() shouldBe "unix:"
        UnixAddress.autobind().toString() shouldBe "unix:@"
        UnixAddress.path(bytes(0x2f, 0xff, 0x20)).toString() shouldBe "unix:/\\xff\\x20"
    }

    test("a relative path that starts with @ is not taken for an abstract name") {
        val text = UnixAddress.path("@x").toString()
        text shouldBe "unix:./@x"
        UnixAddress.parse(text).kind() shouldBe UnixAddress.Kind.PATH
    }

    test("107 bytes fit, 108 do not") {
        val fits = "x".repeat(107)
        UnixAddress.path(fits).name().size shouldBe 107
        UnixAddress.abstractName(fits).name().size shouldBe 107
        shouldThrow<IllegalArgumentException> { UnixAddress.path(fits + "y") }.message shouldBe
            "unix path has 108 bytes, at most 107 fit: unix:${fits}y"
        shouldThrow<IllegalArgumentException> { UnixAddress.abstractName(fits + "y") }.message shouldBe
            "unix abstract name has 108 bytes, at most 107 fit: unix:@${fits}y"
        // Bytes count, not characters.
        UnixAddress.path("ü".repeat(53)).name().size shouldBe 106
        shouldThrow<IllegalArgumentException> { UnixAddress.path("ü".repeat(54)) }
        shouldThrow<IllegalArgumentException> { UnixAddress.path(Path.of("/" + "x".repeat(107))) }
    }

    test("empty names and paths with a NUL are refused") {
        shouldThrow<IllegalArgumentException> { UnixAddress.path("") }.message shouldBe "unix path is empty"
        shouldThrow<IllegalArgumentException> { UnixAddress.abstractName("") }.message shouldBe
            "abstract unix name is empty"
        shouldThrow<IllegalArgumentException> { UnixAddress.path("a\u0000b") }.message shouldContain "NUL"
        for (text in listOf("", "unix:", "@", "unix:@")) {
            shouldThrow<IllegalArgumentException> { UnixAddress.parse(text) }
        }
    }

    test("addresses are equal by kind and by every byte") {
        UnixAddress.path("x") shouldBe UnixAddress.path(Path.of("x"))
        UnixAddress.path("x").hashCode() shouldBe UnixAddress.path("x".toByteArray()).hashCode()
        UnixAddress.path("x") shouldNotBe UnixAddress.abstractName("x")
        UnixAddress.abstractName("a") shouldNotBe UnixAddress.abstractName("a\u0000")
        UnixAddress.unnamed() shouldNotBe UnixAddress.autobind()
        UnixAddress.path("x") shouldNotBe "unix:x"
    }

    test("what is given and what is returned are copies") {
        val name = "abc".toByteArray()
        val address = UnixAddress.abstractName(name)
        name[0] = 'x'.code.toByte()
        address.name()[1] = 'x'.code.toByte()
        address shouldBe UnixAddress.abstractName("abc")
    }

    test("the JDK's addresses are the same addresses") {
        UnixAddress.of(UnixDomainSocketAddress.of("/run/x.sock")) shouldBe UnixAddress.path("/run/x.sock")
        UnixAddress.of(UnixDomainSocketAddress.of("")) shouldBe UnixAddress.unnamed()
        shouldThrow<IllegalArgumentException> { UnixAddress.of(UnixDomainSocketAddress.of("x".repeat(108))) }
    }

    test("only a path has a path, and one this JVM cannot write is refused, not changed") {
        UnixAddress.path("/run/x.sock").toPath() shouldBe Path.of("/run/x.sock")
        for (none in listOf(UnixAddress.abstractName("x"), UnixAddress.unnamed(), UnixAddress.autobind())) {
            shouldThrow<IllegalStateException> { none.toPath() }
        }
        val encoding = System.getProperty("sun.jnu.encoding")
        System.setProperty("sun.jnu.encoding", "UTF-8")
        try {
            shouldThrow<IllegalArgumentException> { UnixAddress.path(bytes(0x2f, 0xff)).toPath() }
                .message shouldContain "cannot express unix:/\\xff"
        } finally {
            System.setProperty("sun.jnu.encoding", encoding)
        }
    }

    test("an address survives being written as an object") {
        for (address in listOf(
            UnixAddress.abstractName("a\u0000b"),
            UnixAddress.path("x"),
            UnixAddress.unnamed(),
        )) {
            val out = ByteArrayOutputStream()
            ObjectOutputStream(out).use { it.writeObject(address) }
            ObjectInputStream(ByteArrayInputStream(out.toByteArray())).readObject() shouldBe address
        }
    }
})

package dev.ancilla.ffm

import dev.ancilla.Feature
import dev.ancilla.OwnedFd
import dev.ancilla.UnixAddress
import dev.ancilla.UnsupportedFeatureException
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.core.test.Enabled
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.io.File
import java.io.IOException
import java.lang.foreign.FunctionDescriptor
import java.lang.foreign.Linker
import java.lang.foreign.ValueLayout
import java.nio.ByteBuffer
import java.nio.ReadOnlyBufferException
import java.nio.channels.ClosedChannelException
import java.nio.file.AccessDeniedException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardOpenOption.CREATE
import java.nio.file.StandardOpenOption.READ
import java.nio.file.StandardOpenOption.TRUNCATE_EXISTING
import java.nio.file.StandardOpenOption.WRITE
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.io.path.exists
import kotlin.io.path.readBytes
import kotlin.io.path.readText
import kotlin.random.Random

/** Empty buffers in each kind of memory. */
private fun buffers(size: Int) = listOf(
    ByteBuffer.allocate(size),
    ByteBuffer.allocateDirect(size),
    ByteBuffer.allocate(size + 7).position(3).limit(size + 3),
    ByteBuffer.allocateDirect(size + 7).position(3).limit(size + 3),
)

/** Descriptors: how files are read, written and closed. */
class FdTest : RowSpec({
    row("every kind of memory is read into and written from, however much it is") {
        val content = Random(7).nextBytes(100_000)
        val path = directory.resolve("much")
        for (size in listOf(1, 8_191, 8_192, 8_193, 100_000)) {
            for (kind in 0..3) {
                withClue("$size bytes, kind $kind") {
                    val source = buffers(size)[kind]
                    source.duplicate().put(content, 0, size)
                    OwnedFd.open(path, WRITE, CREATE, TRUNCATE_EXISTING).use { file ->
                        while (source.hasRemaining()) {
                            val before = source.position()
                            val wrote = file.channel().write(source)
                            source.position() - before shouldBe wrote
                        }
                    }
                    path.readBytes().contentEquals(content.copyOf(size)) shouldBe true

                    val target = buffers(size)[kind]
                    val start = target.position()
                    OwnedFd.open(path).use { file ->
                        val channel = file.channel()
                        while (target.hasRemaining()) {
                            val before = target.position()
                            val read = channel.read(target)
                            target.position() - before shouldBe read
                        }
                        channel.read(target) shouldBe 0
                        channel.read(ByteBuffer.allocate(1)) shouldBe -1
                        channel.read(ByteBuffer.allocateDirect(1)) shouldBe -1
                    }
                    val read = ByteArray(size)
                    target.duplicate().position(start).get(read)
                    read.contentEquals(content.copyOf(size)) shouldBe true
                }
            }
        }
    }

    row("streams write all they are given and read to the end") {
        val content = Random(8).nextBytes(1_000_000)
        val path = directory.resolve("streamed")
        OwnedFd.open(path, WRITE, CREATE).outputStream().use { it.write(content) }
        path.readBytes().contentEquals(content) shouldBe true
        OwnedFd.open(path).inputStream().use { it.readBytes().contentEquals(content) } shouldBe true
    }

    row("read-only memory is not read into") {
        fileWith("x").use { file ->
            for (buffer in listOf(ByteBuffer.allocate(1), ByteBuffer.allocateDirect(1))) {
                shouldThrow<ReadOnlyBufferException> { file.channel().read(buffer.asReadOnlyBuffer()) }
            }
            file.readText() shouldBe "x"
        }
    }

    row("a pipe passes bytes, ends with its writer, and cannot be sought") {
        OwnedFd.pipe().use { pipe ->
            val read = elsewhere { pipe.reader().inputStream().readBytes() }
            val content = Random(9).nextBytes(300_000) // More than a pipe holds.
            pipe.writer().outputStream().use { it.write(content) }
            read.get().contentEquals(content) shouldBe true
            shouldThrow<IOException> { pipe.reader().channel().position() }.message shouldContain "ESPIPE"
        }
        OwnedFd.pipe().use { pipe ->
            pipe.reader().close()
            shouldThrow<IOException> { pipe.writer().channel().write(bytesOf("x")) }.message shouldContain
                "EPIPE"
        }
    }

    row("a memory file has its name, is sought, measured and cut, and keeps its content in its duplicates") {
        OwnedFd.memfd("of the test").use { file ->
            val link = Files.readSymbolicLink(Path.of("/proc/self/fd/${file.number()}")).toString()
            link shouldContain "memfd:of the test"
            val channel = file.channel()
            channel.size() shouldBe 0
            channel.write(bytesOf("0123456789"))
            channel.position() shouldBe 10
            channel.size() shouldBe 10
            channel.position(20).write(bytesOf("x"))
            channel.size() shouldBe 21
            channel.truncate(30)
            channel.size() shouldBe 21
            channel.truncate(5)
            channel.size() shouldBe 5
            channel.position(3)
            file.duplicate().use {
                it.channel().position() shouldBe 3 // It is the open file's (dup(2)).
                it.readText() shouldBe "01234"
            }
        }
        OwnedFd.memfd("n".repeat(249)).close()
        shouldThrow<IllegalArgumentException> { OwnedFd.memfd("n".repeat(250)) }
        shouldThrow<IllegalArgumentException> { OwnedFd.memfd("cut\u0000here") }
    }

    row("asking for the size does not disturb who reads the same open file") {
        val size = 1 shl 16
        val content = ByteArray(size) { (it % 251).toByte() }
        val path = Files.write(directory.resolve("shared"), content)
        OwnedFd.open(path).use { file ->
            file.duplicate().use { other ->
                val over = AtomicBoolean()
                val asking =
                    elsewhere {
                        while (!over.get()) other.channel().size() shouldBe size.toLong()
                    }
                repeat(3) {
                    val read = ByteArray(size)
                    val one = ByteBuffer.allocateDirect(1)
                    file.channel().position(0)
                    for (i in 0 until size) {
                        if (file.channel().read(one.clear()) != 1) break
                        read[i] = one[0]
                    }
                    read.contentEquals(content) shouldBe true
                }
                over.set(true)
                asking.get()
            }
        }
    }

    row("signals that interrupt a read, a write and a wait do not end them") {
        OwnedFd.pipe().use { pipe ->
            OwnedFd.pipe().use { full ->
                bound().use { socket ->
                    val much = Random(10).nextBytes(200_000)
                    val calls =
                        listOf(
                            { "${pipe.reader().inputStream().read()}" },
                            {
                                full.writer().outputStream().use { it.write(much) }
                                "written"
                            },
                            { socket.receiveText() },
                        ).mapIndexed { i, call ->
                            elsewhere {
                                Thread.currentThread().name = "signalled$i" // The kernel's name of it, too.
                                call()
                            }
                        }
                    until("they have begun") { calls.indices.all { numberOf("signalled$it") != null } }
                    repeat(100) {
                        calls.indices.forEach { signal(numberOf("signalled$it")!!) }
                        Thread.sleep(1)
                    }
                    calls.map { it.thread.isAlive } shouldBe listOf(true, true, true)
                    pipe.writer().outputStream().write(7)
                    full.reader().inputStream().readBytes().contentEquals(much) shouldBe true
                    socket.send("received", socket.localAddress())
                    calls.map { it.get() } shouldBe listOf("7", "written", "received")
                }
            }
        }
    }

    row("a descriptor that is closed says so, and is closed once, when its last use has ended") {
        val pipe = OwnedFd.pipe()
        val reading = elsewhere { pipe.reader().inputStream().read() }
        until("it reads") { reading.thread.stackTrace.any { it.className.endsWith("Libc") } }
        val number = pipe.reader().number()
        pipe.reader().close()
        pipe.reader().isOpen shouldBe false
        openDescriptors().any { it.startsWith("$number pipe:") } shouldBe true
        pipe.writer().outputStream().use { it.write(7) }
        reading.get() shouldBe 7
        openDescriptors().any { it.startsWith("$number pipe:") } shouldBe false
        repeat(2) { pipe.close() }
        shouldThrow<ClosedChannelException> { pipe.reader().number() }
        shouldThrow<ClosedChannelException> { pipe.reader().duplicate() }
        shouldThrow<ClosedChannelException> { pipe.reader().channel().read(ByteBuffer.allocate(1)) }
        shouldThrow<ClosedChannelException> { pipe.writer().channel().write(ByteBuffer.allocate(1)) }
    }

    row("a number that is open is taken over, and one that is not is refused") {
        val number = fileWith("x").release()
        OwnedFd.of(number).use { it.readText() shouldBe "x" }
        shouldThrow<IOException> { OwnedFd.of(number) }.message shouldContain "EBADF"
        shouldThrow<IOException> { OwnedFd.of(Int.MAX_VALUE) }.message shouldContain "EBADF"
        shouldThrow<IllegalArgumentException> { OwnedFd.of(-1) }
    }

    row("the JDK's descriptors, for which there is no public way, are refused by name") {
        fileWith("x").use { file ->
            shouldThrow<UnsupportedFeatureException> { file.fileDescriptor() }.feature() shouldBe
                Feature.JAVA_FILE_DESCRIPTOR
        }
        shouldThrow<UnsupportedFeatureException> { OwnedFd.duplicateOf(java.io.FileDescriptor.`in`) }
    }

    val root = Files.getAttribute(directory, "unix:uid") == 0
    val setpriv = needs("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "true")

    test(
        "without privileges a descriptor that was passed is read, though its file could not be opened",
    ).config(
        enabledOrReasonIf = { if (root) setpriv(it) else Enabled.disabled("not run as root") },
    ) {
        val secret = directory.resolve("secret")
        OwnedFd.open(secret, READ, WRITE, CREATE).use { file ->
            Files.setAttribute(secret, "unix:mode", "600".toInt(8))
            file.outputStream().write("for whoever holds it".toByteArray())
            val name = UnixAddress.abstractName("unprivileged-${System.nanoTime()}")
            val child =
                elsewhere {
                    runMain(
                        Unprivileged::class.java.name,
                        arguments = listOf("$name", "$secret"),
                        prefix = listOf("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
                        classPath = readableClassPath(directory),
                    )
                }
            unnamed().use { sender ->
                // Until it has its name.
                until("it takes the descriptor") {
                    !child.thread.isAlive || runCatching { sender.send("x", name, file) }.isSuccess
                }
            }
            val run = child.get()
            withOutput(run) {
                run.lines.filter { it.startsWith("told ") } shouldBe
                    listOf(
                        "told AccessDeniedException $secret",
                        "told AccessDeniedException /proc/self/fd/",
                        "told for whoever holds it",
                        "told size 20",
                        "told 3 bytes written",
                    )
            }
        }
        secret.readText() shouldBe "FOR whoever holds it"
        secret.exists() shouldBe true
    }
})

/** With which the JDK interrupts calls of its channels; its handler does nothing. */
private const val INTERRUPTING = 62

private val TGKILL by lazy {
    val linker = Linker.nativeLinker()
    val int = ValueLayout.JAVA_INT
    linker.downcallHandle(
        linker.defaultLookup().find("tgkill").get(),
        FunctionDescriptor.of(int, int, int, int),
    )
}

/** The kernel's number of a thread of this process. */
private fun numberOf(thread: String): Int? = File("/proc/self/task")
    .listFiles()!!
    .firstOrNull { task -> runCatching { task.resolve("comm").readText().trim() }.getOrNull() == thread }
    ?.name
    ?.toInt()

/** Sends a thread of this process a signal that makes its system call end with EINTR. */
private fun signal(thread: Int) {
    val caught = File("/proc/self/status").readLines().first { it.startsWith("SigCgt:") }.substringAfter('\t')
    check(caught.toULong(16) and (1UL shl (INTERRUPTING - 1)) != 0UL) { "the signal would end this process" }
    TGKILL.invokeWithArguments(ProcessHandle.current().pid().toInt(), thread, INTERRUPTING) shouldBe 0
}

/** Receives a descriptor as a user who may not open the file. */
internal object Unprivileged {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val (name, secret) = arguments
        dev.ancilla.Sockets.unixDgram().maxDescriptors(1).bind(UnixAddress.parse(name)).use { socket ->
            val file = socket.receive().use { it.ancillary().take() }
            refused(Path.of(secret)) { it }
            refused(Path.of("/proc/self/fd/${file.number()}")) { it.dropLastWhile(Char::isDigit) }
            file.use {
                println("told ${it.readText()}")
                println("told size ${it.channel().size()}")
                it.channel().position(0)
                println("told ${it.channel().write(ByteBuffer.wrap("FOR".toByteArray()))} bytes written")
            }
        }
    }

    private fun refused(path: Path, shown: (String) -> String) = try {
        OwnedFd.open(path).close()
        println("told that $path can be opened")
    } catch (e: AccessDeniedException) {
        println("told AccessDeniedException ${shown(e.file)}")
    }
}

package dev.ancilla.examples.guide

import dev.ancilla.Message
import dev.ancilla.SocketOpException
import dev.ancilla.Sockets
import dev.ancilla.UnixAddress
import dev.ancilla.UnixDgramSocket
import dev.ancilla.examples.printedBy
import io.kotest.assertions.nondeterministic.eventually
import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldStartWith
import java.net.InetAddress
import java.time.Duration
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.seconds

/** Runs what docs/guide-java.md shows. Its snippets of the examples are run by the examples' own tests. */
class JavaGuideTest : FunSpec({
    val directory = tempdir().toPath()

    fun bound(): UnixDgramSocket = Sockets.unixDgram().bind(UnixAddress.autobind())

    fun UnixDgramSocket.next() = blocking().receive(Duration.ofSeconds(30)).use { it.text() }

    fun UnixDgramSocket.say(text: String, to: UnixDgramSocket) =
        blocking().send(Message.of(text).to(to.localAddress()))

    test("trying, with room and something there, and without") {
        bound().use { socket ->
            printedBy { JavaGuide.tryAndNeverWait(socket, socket.localAddress()) } shouldBe
                "true, now or not at all\n"
            bound().use { full ->
                while (socket.trySend(Message.of("filling").to(full.localAddress()))) continue
                printedBy { JavaGuide.tryAndNeverWait(socket, full.localAddress()) } shouldBe
                    "false, nothing yet\n"
            }
        }
    }

    test("a deadline passes, and the socket is still of use") {
        bound().use { socket ->
            printedBy { JavaGuide.withADeadline(socket) } shouldBe
                "nothing came, and the socket is open: true\n"
            socket.say("to myself", socket)
            printedBy { JavaGuide.withADeadline(socket) } shouldBe "to myself\n"
        }
    }

    test("an interrupt ends the call and not the socket") {
        val threads = Executors.newCachedThreadPool()
        bound().use { socket ->
            JavaGuide.interrupted(socket, threads)
            threads.shutdown()
            threads.awaitTermination(30, TimeUnit.SECONDS) shouldBe true
            socket.isOpen shouldBe true
            socket.say("not lost", socket)
            socket.next() shouldBe "not lost"
        }
    }

    test("a question and its answer as futures") {
        bound().use { server ->
            bound().use { client ->
                val answer = JavaGuide.futures(client, server.localAddress())
                server.blocking().receive(Duration.ofSeconds(30)).use {
                    server.blocking().send(Message.of("answer to ${it.text()}").to(it.sender()))
                }
                answer.get(30, TimeUnit.SECONDS) shouldBe "answer to question"
            }
        }
    }

    test("a receive that was cancelled has received nothing") {
        bound().use { socket ->
            printedBy { JavaGuide.cancelled(socket) } shouldBe
                "received nothing; the next message goes to the next call\n"
            socket.say("next", socket)
            socket.next() shouldBe "next"
        }
    }

    test("a listener answers who has a name, and tells of who has none or does not read") {
        bound().use { server ->
            bound().use { client ->
                val printed =
                    printedBy { soFar ->
                        JavaGuide.answerWhoHasAName(server)
                        client.say("hello", server)
                        client.next() shouldBe "got hello"
                        Sockets.unixDgram().open().use { it.say("who am I", server) }
                        eventually(30.seconds) { soFar() shouldBe "no name, no answer: who am I\n" }
                        while ("too slow" !in soFar()) client.say("again", server)
                    }
                printed shouldStartWith
                    "no name, no answer: who am I\ntoo slow for an answer: ${client.localAddress()}\n"
            }
        }
    }

    test("sending goes on when the server was restarted, and while it is away it fails") {
        val server = UnixAddress.path(directory.resolve("restarted.sock"))
        Sockets.unixDgram().open().use { client ->
            Sockets.unixDgram().bind(server).use {
                client.tryConnect(server)
                JavaGuide.sendAcrossRestarts(client, server, Message.of("first"))
                it.next() shouldBe "first"
            }
            repeat(2) {
                shouldThrow<SocketOpException> {
                    JavaGuide.sendAcrossRestarts(client, server, Message.of("away"))
                }.message shouldStartWith "connect ENOENT"
            }
            Sockets.unixDgram().bind(server).use {
                JavaGuide.sendAcrossRestarts(client, server, Message.of("second"))
                it.next() shouldBe "second"
            }
        }
    }

    test("a group of UDP hears what it is told") {
        printedBy { JavaGuide.tellAGroup(InetAddress.getByName("239.1.2.3")) } shouldBe
            "to all in 239.1.2.3\n"
    }

    test("a descriptor is lent and given") {
        Sockets.unixDgram().maxDescriptors(1).pair().use { pair ->
            printedBy { JavaGuide.passADescriptor(pair.left(), pair.right()) } shouldBe
                "read this: from a pipe\n"
        }
    }
})

package dev.ancilla.examples.tool

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.nio.file.Files
import kotlin.io.path.createDirectory
import kotlin.io.path.createFile
import kotlin.io.path.getPosixFilePermissions
import kotlin.io.path.writeText

/** What python finds that it was started with, and what it does with it. */
private val CHILD =
    """
    import os, socket, sys
    print(os.environ["LISTEN_FDS"], os.environ["LISTEN_FDNAMES"])
    print(os.environ["LISTEN_PID"] == str(os.getpid()))
    print("odd", os.environb[b"ODD"] == b"\xc3\xa4", sys.argv[1:])
    # The number of the directory itself is free again.
    print([n for n in map(int, os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd/%d" % n)])
    letters, door, packets, udp = (socket.socket(fileno=n) for n in (3, 4, 5, 6))
    print([s.type.name for s in (letters, door, packets, udp)], [os.get_blocking(n) for n in (3, 4, 5, 6)])
    print([l.split()[1] for l in open("/proc/self/status") if l.startswith("SigBlk")])
    print("port", udp.getsockname()[1], flush=True)
    print(letters.recv(100).decode(), flush=True)
    connection = door.accept()[0]
    print(connection.recv(100).decode(), flush=True)
    """.trimIndent()

class ExecTest : FunSpec(
    spec@{
        val directory = tempdir().toPath()

        // Elsewhere no provider can, see WithoutFfmTest.
        if (!Program.hasFfm) return@spec

        test("the command is the same process, and has its sockets and nothing else") {
            val letters = directory.resolve("letters")
            val door = directory.resolve("door")
            val packets = directory.resolve("packets")
            val listens =
                listOf("unix:$letters", "unix-stream:$door", "unix-seqpacket:$packets", "udp:127.0.0.1:0")
                    .flatMap { listOf("--listen", it) }
            val options = listOf("--name", "letters", "--name", "door", "--mode", "0600")
            val command = listOf("--", "python3", "-c", CHILD, "an argument", "--", "", "ä")
            val args = listOf("-v", "exec") + listens + options + command
            Program.tool(*args.toTypedArray(), environment = mapOf("ODD" to "ä")).use { exec ->
                exec.until("python") { "port" in exec.out }
                exec.err shouldContain "ancilla: bound unix:$letters as letters, provider native-ffm\n"
                val told = exec.out.lines()
                told.take(2) shouldBe listOf("4 letters:door:unknown:unknown", "True")
                told[2] shouldBe "odd True ['an argument', '--', '', 'ä']"
                told[3] shouldBe "[0, 1, 2, 3, 4, 5, 6]"
                told[4] shouldBe
                    "['SOCK_DGRAM', 'SOCK_STREAM', 'SOCK_SEQPACKET', 'SOCK_DGRAM'] [True, True, True, True]"
                told[5] shouldBe "['0000000000000000']"
                letters.getPosixFilePermissions().size shouldBe 2
                Program.run("send", "unix:$letters", "a letter").status shouldBe 0
                exec.until("letter") { "a letter\n" in exec.out }
                Program.run("send", "unix-stream:$door", "a visit").status shouldBe 0
                exec.status() shouldBe 0
                exec.out.lines().takeLast(2) shouldBe listOf("a visit", "")
            }
            // What the command leaves behind is its own affair.
            Files.exists(door) shouldBe true
        }

        test("a program of Ancilla finds them too") {
            val letters = directory.resolve("of-ours")
            val door = directory.resolve("door-of-ours")
            val command = Program.javaCommand("dev.ancilla.examples.tool.InheritingKt")
            val names = arrayOf("--name", "letters", "--name", "door")
            val listens = arrayOf("--listen", "unix:$letters", "--listen", "unix-stream:$door")
            Program.tool("exec", *listens, *names, "--", *command.toTypedArray()).use { exec ->
                exec.until("start") { "ready" in exec.out }
                Program.run("send", "unix:$letters", "a letter").status shouldBe 0
                exec.until("letter") { "a letter" in exec.out }
                val visit = Program.run("send", "unix-stream:$door", "hello", "--reply")
                visit shouldBe Ended(0, "welcome\n", "")
                exec.status() shouldBe 0
                exec.out shouldBe "letters UNIX_DGRAM false, door UNIX_STREAM true\nready\na letter\n"
            }
        }

        context("what cannot be executed is one exact line and status 3, and leaves no socket file:") {
            val socket = directory.resolve("refused.sock")
            val plain = directory.resolve("plain").apply { writeText("no program") }
            val empty = directory.resolve("empty").createFile().apply { toFile().setExecutable(true) }
            val failing =
                mapOf(
                    "ancilla-nonesuch" to "ENOENT ancilla-nonesuch: No such file or directory",
                    "$directory/no/x" to "ENOENT $directory/no/x: No such file or directory",
                    "$plain" to "EACCES $plain: Permission denied",
                    "$plain/x" to "ENOTDIR $plain/x: Not a directory",
                    "$directory" to "EACCES $directory: Permission denied",
                    // This one is refused by execve itself, when the descriptors are in their places.
                    "$empty" to "ENOEXEC $empty: Exec format error",
                )
            for ((command, told) in failing) {
                test(told.substringBefore(' ') + " " + command.substringAfterLast('/')) {
                    Program.run("exec", "--listen", "unix:$socket", "--", command) shouldBe
                        Ended(3, "", "ancilla: exec $told\n")
                    Files.exists(socket) shouldBe false
                }
            }
        }

        test("a command in the PATH that may not be executed is passed over for one that may") {
            val first = directory.resolve("first").createDirectory()
            first.resolve("true").writeText("no program")
            val path = "$first:${System.getenv("PATH")}"
            val name = "unix:@ancilla-exec-${ProcessHandle.current().pid()}"
            val args = arrayOf("exec", "--listen", name, "--")
            Program.tool(*args, "true", environment = mapOf("PATH" to path)).use { it.status() shouldBe 0 }
            Program.tool(*args, "true", environment = mapOf("PATH" to "$first")).use {
                it.status() shouldBe 3
                it.err shouldBe "ancilla: exec EACCES true: Permission denied\n"
            }
        }

        test("what cannot be bound is told, and what was bound before it is gone") {
            val bound = directory.resolve("bound.sock")
            val listens = arrayOf("--listen", "unix:$bound", "--listen", "unix-stream:$directory/no/x")
            Program.run("exec", *listens, "--", "true") shouldBe
                Ended(3, "", "ancilla: bind ENOENT unix:$directory/no/x: No such file or directory\n")
            Files.exists(bound) shouldBe false
        }

        test("bad usage is status 2, and does nothing") {
            val bad =
                mapOf(
                    listOf("--", "true") to "--listen",
                    listOf("--listen", "unix:@x") to "<command>",
                    listOf("--listen", "unix:@x", "--name", "a:b", "--", "true") to "without colons: a:b",
                    listOf("--listen", "unix:@x", "--name", "a", "--name", "b", "--", "true") to
                        "2 names for 1 addresses: --name",
                )
            for ((args, told) in bad) {
                val ended = Program.run("exec", *args.toTypedArray())
                ended.status shouldBe 2
                ended.err shouldContain told
            }
        }
    },
)

package dev.ancilla.ffm

import dev.ancilla.Errno
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.maps.shouldNotBeEmpty
import io.kotest.matchers.shouldBe
import java.lang.reflect.Modifier
import java.nio.file.Files
import kotlin.io.path.deleteExisting
import kotlin.io.path.deleteIfExists

/** The C types that the classes in Abi are about, and the members that their constants are the offsets of. */
private val TYPES =
    mapOf(
        "SockaddrUn" to ("struct sockaddr_un" to mapOf("PATH" to "sun_path")),
        "SockaddrIn" to ("struct sockaddr_in" to mapOf("PORT" to "sin_port", "ADDR" to "sin_addr")),
        "SockaddrIn6" to (
            "struct sockaddr_in6" to
                mapOf(
                    "PORT" to "sin6_port",
                    "FLOWINFO" to "sin6_flowinfo",
                    "ADDR" to "sin6_addr",
                    "SCOPE_ID" to "sin6_scope_id",
                )
        ),
        "InPktinfo" to (
            "struct in_pktinfo" to
                mapOf("IFINDEX" to "ipi_ifindex", "SPEC_DST" to "ipi_spec_dst", "ADDR" to "ipi_addr")
        ),
        "In6Pktinfo" to
            ("struct in6_pktinfo" to mapOf("ADDR" to "ipi6_addr", "IFINDEX" to "ipi6_ifindex")),
        "IpMreqn" to (
            "struct ip_mreqn" to
                mapOf("MULTIADDR" to "imr_multiaddr", "ADDRESS" to "imr_address", "IFINDEX" to "imr_ifindex")
        ),
        "GroupReq" to ("struct group_req" to mapOf("INTERFACE" to "gr_interface", "GROUP" to "gr_group")),
        "GroupSourceReq" to (
            "struct group_source_req" to
                mapOf("INTERFACE" to "gsr_interface", "GROUP" to "gsr_group", "SOURCE" to "gsr_source")
        ),
        "Iovec" to ("struct iovec" to mapOf("BASE" to "iov_base", "LEN" to "iov_len")),
        "Msghdr" to (
            "struct msghdr" to
                mapOf(
                    "NAME" to "msg_name",
                    "NAMELEN" to "msg_namelen",
                    "IOV" to "msg_iov",
                    "IOVLEN" to "msg_iovlen",
                    "CONTROL" to "msg_control",
                    "CONTROLLEN" to "msg_controllen",
                    "FLAGS" to "msg_flags",
                )
        ),
        "Mmsghdr" to ("struct mmsghdr" to mapOf("LEN" to "msg_len")),
        "Cmsghdr" to
            ("struct cmsghdr" to mapOf("LEN" to "cmsg_len", "LEVEL" to "cmsg_level", "TYPE" to "cmsg_type")),
        "Ucred" to ("struct ucred" to mapOf("PID" to "pid", "UID" to "uid", "GID" to "gid")),
        "Timespec" to ("struct timespec" to mapOf("SEC" to "tv_sec", "NSEC" to "tv_nsec")),
        "EpollEvent" to ("struct epoll_event" to mapOf("EVENTS" to "events", "DATA" to "data")),
        "Statx" to ("struct statx" to mapOf("STX_MODE" to "stx_mode", "STX_SIZE" to "stx_size")),
        "Pollfd" to ("struct pollfd" to mapOf("FD" to "fd", "EVENTS" to "events", "REVENTS" to "revents")),
    )

/** Constants that are called otherwise in C. */
private val EXPRESSIONS =
    mapOf(
        "PROT_READ_WRITE" to "PROT_READ | PROT_WRITE",
        "STATX_TYPE_SIZE" to "STATX_TYPE | STATX_SIZE",
        "SIGSET_SIZE" to "sizeof(sigset_t)",
    )

/** Constants of the kernel that the headers of an older C library, or any, do not have. */
private val MAYBE_ABSENT =
    setOf("SO_PASSPIDFD", "SO_PEERPIDFD", "SCM_PIDFD", "SCM_MAX_FD", "IPV6_MULTICAST_ALL")

/** How many bytes are read and written there, by the getters and setters of the memory segments. */
private val WIDTHS =
    mapOf(
        "struct sockaddr_un" to mapOf("sun_family" to 2),
        "struct sockaddr_in" to mapOf("sin_family" to 2, "sin_port" to 2, "sin_addr" to 4),
        "struct sockaddr_in6" to
            mapOf(
                "sin6_family" to 2,
                "sin6_port" to 2,
                "sin6_flowinfo" to 4,
                "sin6_addr" to 16,
                "sin6_scope_id" to 4,
            ),
        "struct in_pktinfo" to mapOf("ipi_ifindex" to 4, "ipi_spec_dst" to 4, "ipi_addr" to 4),
        "struct in6_pktinfo" to mapOf("ipi6_addr" to 16, "ipi6_ifindex" to 4),
        "struct ip_mreqn" to mapOf("imr_multiaddr" to 4, "imr_address" to 4, "imr_ifindex" to 4),
        "struct group_req" to mapOf("gr_interface" to 4),
        "struct group_source_req" to mapOf("gsr_interface" to 4),
        "struct iovec" to mapOf("iov_base" to 8, "iov_len" to 8),
        "struct msghdr" to
            mapOf(
                "msg_name" to 8,
                "msg_namelen" to 4,
                "msg_iov" to 8,
                "msg_iovlen" to 8,
                "msg_control" to 8,
                "msg_controllen" to 8,
                "msg_flags" to 4,
            ),
        "struct mmsghdr" to mapOf("msg_len" to 4),
        "struct cmsghdr" to mapOf("cmsg_len" to 8, "cmsg_level" to 4, "cmsg_type" to 4),
        "struct ucred" to mapOf("pid" to 4, "uid" to 4, "gid" to 4),
        "struct timespec" to mapOf("tv_sec" to 8, "tv_nsec" to 8),
        "struct epoll_event" to mapOf("events" to 4, "data" to 8),
        "struct statx" to mapOf("stx_mode" to 2, "stx_size" to 8),
        "struct pollfd" to mapOf("fd" to 4, "events" to 2, "revents" to 2),
    )

private val HEADERS =
    listOf(
        "sys/types.h",
        "sys/socket.h",
        "sys/un.h",
        "netinet/in.h",
        "linux/udp.h",
        "sys/uio.h",
        "sys/epoll.h",
        "sys/eventfd.h",
        "sys/mman.h",
        "sys/stat.h",
        "errno.h",
        "fcntl.h",
        "poll.h",
        "signal.h",
        "stddef.h",
        "stdio.h",
        "time.h",
        "unistd.h",
    )

/** The numbers of a class, by name. */
private fun numbersOf(type: Class<*>): Map<String, Long> = type.declaredFields
    .filter { Modifier.isStatic(it.modifiers) && it.type.isPrimitive && it.type != Boolean::class.java }
    .onEach { it.isAccessible = true }
    .associate { it.name to (it.get(null) as Number).toLong() }

/** Compiles and runs a C program that prints these expressions, and returns what they are. */
private fun askTheCompiler(expressions: Map<String, String>): Map<String, Long> {
    val source = Files.createTempFile("abi", ".c")
    val program = Files.createTempFile("abi", "")
    val prints =
        expressions.map { (name, expression) ->
            val print = "  printf(\"%s %lld\\n\", \"$name\", (long long) (int) ($expression));"
            if (name in MAYBE_ABSENT) "#ifdef $name\n$print\n#endif" else print
        }
    try {
        val lines =
            listOf("#define _GNU_SOURCE") + HEADERS.map { "#include <$it>" } +
                "int main(void) {" + prints + "  return 0;" + "}"
        Files.write(source, lines)
        val compiled = run(listOf("cc", "-o", "$program", "$source"))
        withOutput(compiled) { compiled.code shouldBe 0 }
        return run(listOf("$program")).lines.filter { it.isNotBlank() }.associate {
            it.substringBefore(' ') to it.substringAfter(' ').toLong()
        }
    } finally {
        source.deleteExisting()
        program.deleteIfExists()
    }
}

private fun compare(ours: Map<String, Long>, theirs: Map<String, Long>) {
    ours.shouldNotBeEmpty()
    (ours.keys - theirs.keys - MAYBE_ABSENT).toList() shouldBe emptyList()
    ours
        .filter { (name, value) -> name in theirs && theirs[name] != value }
        .map { (name, value) -> "$name is $value, and ${theirs[name]} to the compiler" }
        .shouldBeEmpty()
}

/** The constants and layouts are those that a C compiler sees on this machine. */
class AbiTest :
    FunSpec({
        val compiler = needs("cc", "--version")

        test("every constant is what the C compiler says").config(enabledOrReasonIf = compiler) {
            val ours = numbersOf(Abi::class.java)
            ours.size shouldBeGreaterThan 50
            compare(ours, askTheCompiler(ours.keys.associateWith { EXPRESSIONS[it] ?: it }))
        }

        test("every layout is what the C compiler says").config(enabledOrReasonIf = compiler) {
            val ours = mutableMapOf<String, Long>()
            val expressions = mutableMapOf<String, String>()
            for (type in Abi::class.java.declaredClasses.filter { !it.isRecord }) {
                val (cType, members) = TYPES.getValue(type.simpleName)
                for ((name, value) in numbersOf(type)) {
                    val key = "${type.simpleName}.$name"
                    ours[key] = value
                    expressions[key] =
                        if (name ==
                            "SIZE"
                        ) {
                            "sizeof($cType)"
                        } else {
                            "offsetof($cType, ${members.getValue(name)})"
                        }
                }
            }
            ours.size shouldBeGreaterThan 30
            compare(ours, askTheCompiler(expressions))
        }

        test("every member is as wide as what is read and written there").config(
            enabledOrReasonIf = compiler,
        ) {
            val widths =
                WIDTHS.flatMap { (type, members) ->
                    members.map { (member, bytes) -> "sizeof((($type*)0)->$member)" to bytes.toLong() }
                }
            val named = widths.mapIndexed { i, (expression, bytes) -> Triple("width$i", expression, bytes) }
            compare(
                named.associate { (name, _, bytes) -> name to bytes },
                askTheCompiler(named.associate { (name, expression, _) -> name to expression }),
            )
        }

        test("room for control messages is CMSG_SPACE and CMSG_ALIGN").config(enabledOrReasonIf = compiler) {
            val sizes = (0..40) + listOf(60 * 4, 61 * 4, 253 * 4)
            compare(
                sizes.associate { "space$it" to Abi.Cmsghdr.space(it).toLong() } +
                    sizes.associate { "align$it" to Abi.Cmsghdr.align(it).toLong() },
                askTheCompiler(
                    sizes.associate { "space$it" to "CMSG_SPACE($it)" } +
                        sizes.associate { "align$it" to "CMSG_ALIGN($it)" },
                ),
            )
        }

        test("every errno has the number that the C compiler says").config(enabledOrReasonIf = compiler) {
            val ours =
                (1..200)
                    .associateBy { Errno.ofNumber(it) }
                    .filterKeys { it != Errno.UNKNOWN }
                    .map { (errno, number) -> errno.name to number.toLong() }
                    .toMap()
            ours.keys shouldBe Errno.entries.map { it.name }.toSet() - Errno.UNKNOWN.name
            compare(ours, askTheCompiler(ours.keys.associateWith { it }))
        }

        // Neither is compiled here for the other. The numbers are those of include/uapi/linux/eventpoll.h,
        // where only x86-64 has EPOLL_PACKED, and of arch/arm64/include/uapi/asm/fcntl.h.
        test("what differs on x86-64 and aarch64 is as the kernel's headers say") {
            val x86 = Abi.Machine.of("amd64")
            x86.epollEventData() shouldBe 4
            x86.epollEventSize() shouldBe 12
            x86.noFollow() shouldBe "400000".toInt(8)
            val arm = Abi.Machine.of("aarch64")
            arm.epollEventData() shouldBe 8
            arm.epollEventSize() shouldBe 16
            arm.noFollow() shouldBe "100000".toInt(8)
        }

        test("the machine of this JVM is the one that is used") {
            val here = Abi.Machine.of(System.getProperty("os.arch"))
            Abi.EpollEvent.DATA shouldBe here.epollEventData()
            Abi.EpollEvent.SIZE shouldBe here.epollEventSize()
            Abi.O_NOFOLLOW shouldBe here.noFollow()
        }
    })

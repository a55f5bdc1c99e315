package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Mode
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.dataOf
import dev.ancilla.benchmarks.worker.endOf
import dev.ancilla.benchmarks.worker.inetAddressOf
import io.netty.bootstrap.Bootstrap
import io.netty.buffer.ByteBuf
import io.netty.buffer.Unpooled
import io.netty.channel.Channel
import io.netty.channel.MultiThreadIoEventLoopGroup
import io.netty.channel.epoll.EpollIoHandler
import io.netty.channel.unix.SegmentedDatagramPacket
import java.util.concurrent.CompletableFuture

/** Netty's epoll transport: everything happens in handlers on its event loop. */
internal class Netty(private val job: Job) : Style {
    private val family = if (job.udp) NettyFamily.Udp(job) else NettyFamily.Unix(job)
    private val handler = object : NettyHandler<NettyMessage>() {}
    private val channel: Channel = open()

    /** How many messages go as one. */
    private val joined = if (job.offload) minOf(NettyHandler.FLUSH, MOST_JOINED / job.size) else 1
    private val data: ByteBuf =
        Unpooled.directBuffer().apply { repeat(joined) { writeBytes(dataOf(job.size)) } }
    private val received: ByteBuf.() -> java.nio.ByteBuffer = { nioBuffer() }

    private fun open(): Channel = Bootstrap()
        .group(MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory()))
        .also(family::configure)
        .handler(handler)
        .bind(family.self)
        .sync()
        .channel()

    override fun connect() {
        channel.connect(family.peer).sync()
    }

    /** What is written to the peer; used again and again, as C does. */
    private fun outgoing(payload: ByteBuf): Any =
        if (job.mode == Mode.UNCONNECTED) family.packet(payload, family.peer) else payload

    private fun next(): Any = data.retainedDuplicate().let { payload ->
        if (joined >
            1
        ) {
            SegmentedDatagramPacket(payload, job.size, inetAddressOf(job.peer))
        } else {
            outgoing(payload)
        }
    }

    override fun receive(tally: Tally) {
        handler.onMessage =
            { _, message -> tally.add(message.content().received(), message.sender() != null) }
    }

    override fun send(round: Round) =
        handler.pump(channel, round, joined, ::next) { outgoing(directOf(endOf(round.count))) }

    override fun echo() {
        handler.onMessage = { context, message ->
            val content = message.content().retain()
            context.writeAndFlush(
                if (job.connects) content else family.packet(content, message.sender()),
                context.voidPromise(),
            )
        }
    }

    override fun ping(trips: Trips) {
        val ended = CompletableFuture<Unit>()

        fun ping() = channel.writeAndFlush(outgoing(data.retainedDuplicate()), channel.voidPromise())
        handler.onMessage = { _, message ->
            trips.done(message.content().received())
            if (trips.next()) ping() else ended.complete(Unit)
        }
        if (trips.next()) ping() else ended.complete(Unit)
        ended.join()
    }

    private companion object {
        const val MOST_JOINED = 65_000
    }
}

internal fun directOf(bytes: ByteArray): ByteBuf = Unpooled.directBuffer(bytes.size).writeBytes(bytes)

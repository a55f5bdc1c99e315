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
import io.netty.channel.ChannelHandlerContext
import io.netty.channel.MultiThreadIoEventLoopGroup
import io.netty.channel.SimpleChannelInboundHandler
import io.netty.channel.epoll.EpollIoHandler
import io.netty.channel.unix.SegmentedDatagramPacket
import java.util.concurrent.CompletableFuture

/** Netty's epoll transport: everything happens in handlers on its event loop. */
internal class Netty(private val job: Job) : Style {
    private val family = if (job.udp) NettyFamily.Udp(job) else NettyFamily.Unix(job)
    private val handler = Handler()
    private val channel: Channel = open()

    /** How many messages go as one. */
    private val joined = if (job.offload) minOf(FLUSH, MOST_JOINED / job.size) else 1
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

    override fun send(round: Round) {
        val ended = CompletableFuture<Unit>()

        fun pump() {
            while (channel.isWritable && !ended.isDone) {
                if (!round.next(joined)) {
                    channel
                        .writeAndFlush(
                            outgoing(direct(endOf(round.count))),
                        ).addListener { ended.complete(Unit) }
                    handler.onWritable = {}
                    return
                }
                channel.write(next(), channel.voidPromise())
                if (joined > 1 || round.count % FLUSH == 0L) channel.flush()
            }
            channel.flush()
        }
        handler.onWritable = ::pump
        channel.eventLoop().execute(::pump)
        ended.join()
    }

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

    private class Handler : SimpleChannelInboundHandler<NettyMessage>() {
        @Volatile
        var onMessage: (ChannelHandlerContext, NettyMessage) -> Unit = { _, _ -> }

        @Volatile
        var onWritable: () -> Unit = {}

        override fun channelRead0(context: ChannelHandlerContext, message: NettyMessage) =
            onMessage(context, message)

        override fun channelWritabilityChanged(context: ChannelHandlerContext) {
            if (context.channel().isWritable) onWritable()
        }

        @Deprecated("in Netty, where it is to stay")
        override fun exceptionCaught(context: ChannelHandlerContext, cause: Throwable) =
            dev.ancilla.benchmarks.worker.fail("$cause")
    }

    private companion object {
        const val FLUSH = 64
        const val MOST_JOINED = 65_000

        fun direct(bytes: ByteArray): ByteBuf = Unpooled.directBuffer(bytes.size).writeBytes(bytes)
    }
}

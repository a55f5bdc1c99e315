package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Mode
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.dataOf
import dev.ancilla.benchmarks.worker.endOf
import io.netty.bootstrap.Bootstrap
import io.netty.buffer.ByteBuf
import io.netty.buffer.Unpooled
import io.netty.channel.Channel
import io.netty.channel.ChannelHandlerContext
import io.netty.channel.ChannelOption
import io.netty.channel.FixedRecvByteBufAllocator
import io.netty.channel.MultiThreadIoEventLoopGroup
import io.netty.channel.SimpleChannelInboundHandler
import io.netty.channel.epoll.EpollDomainDatagramChannel
import io.netty.channel.epoll.EpollIoHandler
import io.netty.channel.unix.DomainDatagramPacket
import io.netty.channel.unix.DomainSocketAddress
import java.util.concurrent.CompletableFuture

/** Netty's epoll transport: everything happens in handlers on its event loop. */
internal class Netty(private val job: Job) : Style {
    private val target = DomainSocketAddress(job.peer)
    private val handler = Handler()
    private val channel: Channel = open()
    private val data: ByteBuf = direct(dataOf(job.size))
    private val received: ByteBuf.() -> java.nio.ByteBuffer = { nioBuffer() }

    private fun open(): Channel = Bootstrap()
        .group(MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory()))
        .channel(EpollDomainDatagramChannel::class.java)
        .option(ChannelOption.RECVBUF_ALLOCATOR, FixedRecvByteBufAllocator(job.size.coerceAtLeast(16)))
        .handler(handler)
        .bind(DomainSocketAddress(job.self))
        .sync()
        .channel()

    override fun connect() {
        channel.connect(target).sync()
    }

    /** What is written to the peer; used again and again, as C does. */
    private fun outgoing(payload: ByteBuf): Any =
        if (job.mode == Mode.UNCONNECTED) DomainDatagramPacket(payload, target) else payload

    override fun receive(tally: Tally) {
        handler.onMessage =
            { _, message -> tally.add(message.content().received(), message.sender() != null) }
    }

    override fun send(round: Round) {
        val ended = CompletableFuture<Unit>()

        fun pump() {
            while (channel.isWritable && !ended.isDone) {
                if (!round.next()) {
                    channel
                        .writeAndFlush(
                            outgoing(direct(endOf(round.count))),
                        ).addListener { ended.complete(Unit) }
                    handler.onWritable = {}
                    return
                }
                channel.write(outgoing(data.retainedDuplicate()), channel.voidPromise())
                if (round.count % FLUSH == 0L) channel.flush()
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
                if (job.connects) content else DomainDatagramPacket(content, message.sender()),
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

    private class Handler : SimpleChannelInboundHandler<DomainDatagramPacket>() {
        @Volatile
        var onMessage: (ChannelHandlerContext, DomainDatagramPacket) -> Unit = { _, _ -> }

        @Volatile
        var onWritable: () -> Unit = {}

        override fun channelRead0(context: ChannelHandlerContext, message: DomainDatagramPacket) =
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

        fun direct(bytes: ByteArray): ByteBuf = Unpooled.directBuffer(bytes.size).writeBytes(bytes)
    }
}

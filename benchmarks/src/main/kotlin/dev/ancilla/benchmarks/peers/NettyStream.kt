package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Pieces
import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.Server
import dev.ancilla.benchmarks.worker.Style
import dev.ancilla.benchmarks.worker.Tally
import dev.ancilla.benchmarks.worker.Trips
import dev.ancilla.benchmarks.worker.dataOf
import dev.ancilla.benchmarks.worker.endOf
import dev.ancilla.benchmarks.worker.room
import io.netty.bootstrap.Bootstrap
import io.netty.bootstrap.ServerBootstrap
import io.netty.buffer.ByteBuf
import io.netty.buffer.Unpooled
import io.netty.channel.Channel
import io.netty.channel.ChannelHandler
import io.netty.channel.ChannelHandlerContext
import io.netty.channel.ChannelInboundHandlerAdapter
import io.netty.channel.ChannelOption
import io.netty.channel.FixedRecvByteBufAllocator
import io.netty.channel.MultiThreadIoEventLoopGroup
import io.netty.channel.epoll.EpollDomainSocketChannel
import io.netty.channel.epoll.EpollIoHandler
import io.netty.channel.epoll.EpollServerDomainSocketChannel
import io.netty.channel.unix.DomainSocketAddress
import java.util.concurrent.CompletableFuture

/** Netty's epoll transport over a stream: everything happens in a handler on its event loop. */
internal class NettyStream(private val job: Job) : Style {
    private val handler = object : NettyHandler<ByteBuf>() {}
    private val accepted = CompletableFuture<Channel>()
    private val receiving = FixedRecvByteBufAllocator(job.room)
    private val server = if (job.role.active) null else listening(job, Accepted(), receiving)
    private val data: ByteBuf = directOf(dataOf(job.size))
    private lateinit var channel: Channel

    override fun connect() {
        channel = if (server == null) connected() else accepted.join()
        server?.close()
    }

    private fun connected() = Bootstrap()
        .group(aLoop())
        .channel(EpollDomainSocketChannel::class.java)
        .option(ChannelOption.RECVBUF_ALLOCATOR, receiving)
        .handler(handler)
        .connect(DomainSocketAddress(job.peer))
        .sync()
        .channel()

    override fun receive(tally: Tally) {
        val pieces = Pieces(job.size, tally)
        handler.onMessage = { _, came -> pieces.add(came.nioBuffer()) }
    }

    override fun send(round: Round) =
        handler.pump(channel, round, 1, data::retainedDuplicate) { directOf(endOf(round.count)) }

    override fun echo() {
        handler.onMessage =
            { context, came -> context.writeAndFlush(came.retain(), context.voidPromise()) }
    }

    override fun ping(trips: Trips) {
        val ended = CompletableFuture<Unit>()
        val answer = Unpooled.directBuffer(job.size)

        fun ping() = channel.writeAndFlush(data.retainedDuplicate(), channel.voidPromise())
        handler.onMessage = { _, came ->
            answer.writeBytes(came)
            if (answer.readableBytes() >= job.size) {
                trips.done(answer.nioBuffer())
                answer.clear()
                if (trips.next()) ping() else ended.complete(Unit)
            }
        }
        if (trips.next()) ping() else ended.complete(Unit)
        ended.join()
        answer.release()
    }

    private inner class Accepted : ChannelInboundHandlerAdapter() {
        override fun channelActive(context: ChannelHandlerContext) {
            context.pipeline().replace(this, null, handler)
            accepted.complete(context.channel())
        }
    }
}

/** A server of Netty that accepts connections and closes them. */
internal fun acceptorOfNetty(job: Job): Server {
    listening(job, Closing)
    return Server { }
}

@ChannelHandler.Sharable
private object Closing : ChannelInboundHandlerAdapter() {
    override fun channelActive(context: ChannelHandlerContext) {
        context.close()
    }
}

/** One loop for the server and what it accepts, as nothing here is worth a second one. */
private fun listening(
    job: Job,
    handler: ChannelHandler,
    receiving: FixedRecvByteBufAllocator? = null,
): Channel = ServerBootstrap()
    .group(aLoop())
    .channel(EpollServerDomainSocketChannel::class.java)
    .apply { if (receiving != null) childOption(ChannelOption.RECVBUF_ALLOCATOR, receiving) }
    .childHandler(handler)
    .bind(DomainSocketAddress(job.self))
    .sync()
    .channel()

private fun aLoop() = MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory())

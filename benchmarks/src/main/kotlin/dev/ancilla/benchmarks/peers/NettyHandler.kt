package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Round
import dev.ancilla.benchmarks.worker.fail
import io.netty.channel.Channel
import io.netty.channel.ChannelHandlerContext
import io.netty.channel.SimpleChannelInboundHandler
import java.util.concurrent.CompletableFuture

/** What a channel's user is called back with, for roles that are given later. */
internal abstract class NettyHandler<M : Any> : SimpleChannelInboundHandler<M>() {
    @Volatile
    var onMessage: (ChannelHandlerContext, M) -> Unit = { _, _ -> }

    @Volatile
    private var onWritable: () -> Unit = {}

    override fun channelRead0(context: ChannelHandlerContext, message: M) = onMessage(context, message)

    override fun channelWritabilityChanged(context: ChannelHandlerContext) {
        if (context.channel().isWritable) onWritable()
    }

    @Deprecated("in Netty, where it is to stay")
    override fun exceptionCaught(context: ChannelHandlerContext, cause: Throwable) = fail("$cause")

    /**
     * Writes while the channel takes more, flushing now and then, until the round's end has been written.
     *
     * @param joined how many messages [next] is
     */
    fun pump(channel: Channel, round: Round, joined: Int, next: () -> Any, end: () -> Any) {
        val ended = CompletableFuture<Unit>()

        fun pump() {
            while (channel.isWritable && !ended.isDone) {
                if (!round.next(joined)) {
                    onWritable = {}
                    channel.writeAndFlush(end()).addListener { ended.complete(Unit) }
                    return
                }
                channel.write(next(), channel.voidPromise())
                if (joined > 1 || round.count % FLUSH == 0L) channel.flush()
            }
            channel.flush()
        }
        onWritable = ::pump
        channel.eventLoop().execute(::pump)
        ended.join()
    }

    companion object {
        const val FLUSH = 64
    }
}

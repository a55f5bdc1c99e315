package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.Server
import dev.ancilla.benchmarks.worker.paths
import io.netty.bootstrap.Bootstrap
import io.netty.channel.ChannelHandlerContext
import io.netty.channel.MultiThreadIoEventLoopGroup
import io.netty.channel.SimpleChannelInboundHandler
import io.netty.channel.epoll.EpollDomainDatagramChannel
import io.netty.channel.epoll.EpollIoHandler
import io.netty.channel.unix.DomainDatagramPacket
import io.netty.channel.unix.DomainSocketAddress

/** Many sockets of Netty that answer, on one event loop. */
internal fun serverOfNetty(job: Job): Server {
    val group = MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory())
    for (path in job.paths()) {
        Bootstrap()
            .group(group)
            .channel(EpollDomainDatagramChannel::class.java)
            .handler(Answering())
            .bind(DomainSocketAddress(path))
            .sync()
    }
    return Server { }
}

private class Answering : SimpleChannelInboundHandler<DomainDatagramPacket>() {
    override fun channelRead0(context: ChannelHandlerContext, message: DomainDatagramPacket) {
        context.writeAndFlush(
            DomainDatagramPacket(message.content().retain(), message.sender()),
            context.voidPromise(),
        )
    }
}

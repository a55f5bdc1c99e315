package dev.ancilla.benchmarks.peers

import dev.ancilla.benchmarks.worker.Job
import dev.ancilla.benchmarks.worker.RECEIVE_BUFFER
import dev.ancilla.benchmarks.worker.inetAddressOf
import io.netty.bootstrap.Bootstrap
import io.netty.buffer.ByteBuf
import io.netty.channel.AddressedEnvelope
import io.netty.channel.ChannelOption
import io.netty.channel.FixedRecvByteBufAllocator
import io.netty.channel.epoll.EpollChannelOption
import io.netty.channel.epoll.EpollDatagramChannel
import io.netty.channel.epoll.EpollDomainDatagramChannel
import io.netty.channel.socket.DatagramPacket
import io.netty.channel.socket.SocketProtocolFamily
import io.netty.channel.unix.DomainDatagramPacket
import io.netty.channel.unix.DomainSocketAddress
import java.net.InetSocketAddress
import java.net.SocketAddress

internal typealias NettyMessage = AddressedEnvelope<ByteBuf, out SocketAddress>

/** What differs between Netty's Unix datagrams and its UDP: classes of channels, addresses and messages. */
internal sealed interface NettyFamily {
    val self: SocketAddress
    val peer: SocketAddress

    fun configure(bootstrap: Bootstrap)

    fun packet(payload: ByteBuf, target: SocketAddress): Any

    class Unix(private val job: Job) : NettyFamily {
        override val self = DomainSocketAddress(job.self)
        override val peer = DomainSocketAddress(job.peer)

        override fun configure(bootstrap: Bootstrap) {
            bootstrap
                .channel(EpollDomainDatagramChannel::class.java)
                .option(ChannelOption.RECVBUF_ALLOCATOR, FixedRecvByteBufAllocator(roomOf(job)))
        }

        override fun packet(payload: ByteBuf, target: SocketAddress) =
            DomainDatagramPacket(payload, target as DomainSocketAddress)
    }

    class Udp(private val job: Job) : NettyFamily {
        override val self = inetAddressOf(job.self)
        override val peer = inetAddressOf(job.peer)

        /** One by one, unless the style asks for recvmmsg or the workload for joined messages. */
        override fun configure(bootstrap: Bootstrap) {
            val room =
                when {
                    job.offload -> LARGEST
                    job.style == "netty-batch" -> roomOf(job) * BATCH
                    else -> roomOf(job)
                }
            bootstrap
                .channelFactory { EpollDatagramChannel(SocketProtocolFamily.INET) }
                .option(ChannelOption.RECVBUF_ALLOCATOR, FixedRecvByteBufAllocator(room))
                .option(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER)
            if (job.offload) {
                bootstrap.option(EpollChannelOption.UDP_GRO, true)
            } else if (job.style == "netty-batch") {
                bootstrap.option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, roomOf(job))
            }
        }

        override fun packet(payload: ByteBuf, target: SocketAddress) =
            DatagramPacket(payload, target as InetSocketAddress)
    }

    companion object {
        private const val BATCH = 64
        private const val LARGEST = 65_535

        private fun roomOf(job: Job) = job.size.coerceAtLeast(16)
    }
}

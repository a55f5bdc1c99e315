package dev.ancilla.ffm

import dev.ancilla.testkit.CancellationStress
import dev.ancilla.testkit.DgramContract
import dev.ancilla.testkit.FlowContract
import dev.ancilla.testkit.UdpContract
import dev.ancilla.testkit.UdpSubject
import dev.ancilla.testkit.UnixDgramContract
import dev.ancilla.testkit.UnixDgramSubject
import dev.ancilla.testkit.UnixFlowContract

private fun ffm() = UnixDgramSubject("native-ffm")

/** What every message socket does, over native-ffm. */
class FfmContractTest : DgramContract(ffm())

/** What Unix datagrams do besides, over native-ffm. */
class FfmUnixContractTest : UnixDgramContract(ffm())

/** Cancelled receives that race with messages and their descriptors, over native-ffm. */
class FfmStressTest : CancellationStress(ffm())

/** Flows, channels and batches, over native-ffm. */
class FfmFlowTest : FlowContract(ffm())

/** Congestion, questions and answers, over native-ffm. */
class FfmUnixFlowTest : UnixFlowContract(ffm())

private fun udp() = UdpSubject("native-ffm")

/** What every message socket does, over UDP of native-ffm. */
class FfmUdpContractTest : DgramContract(udp())

/** Cancelled receives that race with messages, over UDP of native-ffm. */
class FfmUdpStressTest : CancellationStress(udp())

/** Flows, channels and batches, over UDP of native-ffm. */
class FfmUdpFlowTest : FlowContract(udp())

/** What UDP does besides, over native-ffm. */
class FfmUdpOwnContractTest : UdpContract(udp())

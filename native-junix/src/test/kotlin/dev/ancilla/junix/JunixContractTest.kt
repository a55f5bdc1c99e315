package dev.ancilla.junix

import dev.ancilla.testkit.CancellationStress
import dev.ancilla.testkit.DgramContract
import dev.ancilla.testkit.FlowContract
import dev.ancilla.testkit.UnixDgramContract
import dev.ancilla.testkit.UnixDgramSubject
import dev.ancilla.testkit.UnixFlowContract

private fun junix() = UnixDgramSubject("native-junix")

/** What every message socket does, over junixsocket. */
class JunixContractTest : DgramContract(junix())

/** What Unix datagrams do besides, over junixsocket. */
class JunixUnixContractTest : UnixDgramContract(junix())

/** Cancelled receives that race with messages and their descriptors, over junixsocket. */
class JunixStressTest : CancellationStress(junix())

/** Flows, channels and batches, over junixsocket. */
class JunixFlowTest : FlowContract(junix())

/** Congestion, questions and answers, over junixsocket. */
class JunixUnixFlowTest : UnixFlowContract(junix())

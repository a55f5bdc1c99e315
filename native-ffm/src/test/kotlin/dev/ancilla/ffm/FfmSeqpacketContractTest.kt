package dev.ancilla.ffm

import dev.ancilla.testkit.SeqpacketContract

/** What Unix sequenced packets do, over native-ffm. */
class FfmSeqpacketContractTest : SeqpacketContract("native-ffm")

package dev.ancilla.ffm

import dev.ancilla.testkit.StreamContract

/** What Unix streams and servers do, over native-ffm. */
class FfmStreamContractTest : StreamContract("native-ffm")

package dev.ancilla.junix

import dev.ancilla.testkit.DgramContract
import dev.ancilla.testkit.UnixDgramSubject

private val junix = UnixDgramSubject("native-junix")

/** What every message socket does, over junixsocket. */
class JunixContractTest : DgramContract(junix)

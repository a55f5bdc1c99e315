package dev.ancilla.junix

import dev.ancilla.testkit.StreamContract

/** What Unix streams and servers do, over junixsocket. */
class JunixStreamContractTest : StreamContract("native-junix")

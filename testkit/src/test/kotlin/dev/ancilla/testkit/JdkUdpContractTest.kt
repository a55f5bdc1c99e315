package dev.ancilla.testkit

/** The contract over UDP of the JDK, which needs no other provider. */
class JdkUdpContractTest : DgramContract(UdpSubject("jdk"))

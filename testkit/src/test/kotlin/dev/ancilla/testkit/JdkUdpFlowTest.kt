package dev.ancilla.testkit

/** The contract of flows over UDP of the JDK. */
class JdkUdpFlowTest : FlowContract(UdpSubject("jdk"))

package dev.ancilla.testkit

/** The cancellation stress over UDP of the JDK, where messages carry no descriptors. */
class JdkUdpStressTest : CancellationStress(UdpSubject("jdk"))

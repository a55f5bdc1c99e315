package dev.ancilla.testkit

/** What UDP does besides, over the JDK. */
class JdkUdpTest : UdpContract(UdpSubject("jdk"))

package dev.ancilla.testkit

/** What UDP does besides: families and ports, peers, names, answers, options, multicast. */
abstract class UdpContract(subject: UdpSubject) : ContractSpec(subject) {
    init {
        udpBinding()
        udpSharing()
        udpSending()
        udpPayloads()
        udpConnecting()
        udpNames()
        udpAnswering()
        udpOptions()
        udpReceiving()
        udpFlooding()
        udpFilters()
        udpGroups()
        udpInterfaces()
    }
}

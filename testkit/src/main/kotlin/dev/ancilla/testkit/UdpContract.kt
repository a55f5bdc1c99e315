package dev.ancilla.testkit

/** What UDP does besides: families and ports, peers, names, options, multicast. */
abstract class UdpContract(subject: UdpSubject) : ContractSpec(subject) {
    init {
        udpBinding()
        udpSharing()
        udpSending()
        udpPayloads()
        udpConnecting()
        udpNames()
        udpOptions()
        udpReceiving()
        udpFlooding()
        udpFilters()
        udpGroups()
        udpInterfaces()
    }
}

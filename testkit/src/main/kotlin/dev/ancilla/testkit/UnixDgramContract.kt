package dev.ancilla.testkit

/** What Unix datagrams do besides: names and files, descriptors, and receivers that are full. */
abstract class UnixDgramContract(subject: UnixDgramSubject) : ContractSpec(subject) {
    init {
        naming()
        socketFiles()
        adopting()
        descriptors()
        installing()
        senderFacts()
        spinning()
        prefetching()
        congestion()
        batchesOfDescriptors()
        batchesThatWait()
        seedSockets()
        seedMessages()
    }
}

package dev.ancilla.testkit

/** What every message socket does, whatever carries its messages. */
abstract class DgramContract(subject: DgramSubject) : ContractSpec(subject) {
    init {
        exchanging()
        receiving()
        idling()
        sending()
        receivingBatches()
        fillingBatches()
        sendingBatches()
        listeners()
        closing()
    }
}

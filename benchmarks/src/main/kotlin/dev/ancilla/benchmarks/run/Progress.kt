package dev.ancilla.benchmarks.run

/** Says on standard error what is going on: in one line that changes, if somebody is watching. */
internal class Progress {
    private val watched = System.getProperty("benchmarks.watched") == "yes"
    private val started = System.nanoTime()

    fun show(line: String) {
        if (watched) print("\r\u001b[K${clock()} $line")
    }

    fun tell(line: String) {
        clear()
        print("${clock()} $line\n")
    }

    fun clear() {
        if (watched) print("\r\u001b[K")
    }

    private fun clock(): String {
        val seconds = (System.nanoTime() - started) / 1_000_000_000
        return "%d:%02d".format(seconds / 60, seconds % 60)
    }

    private fun print(text: String) {
        System.err.print(text)
        System.err.flush()
    }
}

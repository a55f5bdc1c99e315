package dev.ancilla.examples.bench

/** How long the runs of a figure take. The first is to warm what it runs through, and does not count. */
internal data class Runs(val warmMillis: Long, val count: Int, val millis: Long)

/** Says how long things may take. */
internal sealed interface Pace {
    /** What the JVMs are told that are measured. */
    val jvmOptions: List<String>

    /** The runs of the next figure, when [figures] are left, and [couples] of processes to be started. */
    fun next(figures: Int, couples: Int): Runs

    data object Thorough : Pace {
        override val jvmOptions = emptyList<String>()

        override fun next(figures: Int, couples: Int) = Runs(warmMillis = 1000, count = 5, millis = 400)
    }

    /** Divides what is left of its time among what is left to be done. */
    class Quick(millis: Long) : Pace {
        /** The better compiler would not be done in this time, and be in the way. */
        override val jvmOptions = listOf("-XX:TieredStopAtLevel=1")

        private val deadline = System.nanoTime() + millis * 1_000_000

        override fun next(figures: Int, couples: Int): Runs {
            val left = (deadline - System.nanoTime()) / 1_000_000 - couples * START_MILLIS
            val each = (left / figures - AROUND_MILLIS).coerceIn(SHORTEST, LONGEST)
            return Runs(warmMillis = each * 2 / 3, count = 1, millis = each / 3)
        }

        private companion object {
            /** About what it takes to start two JVMs, and what goes on around two runs. */
            const val START_MILLIS = 600L
            const val AROUND_MILLIS = 100L
            const val SHORTEST = 60L
            const val LONGEST = 1500L
        }
    }
}

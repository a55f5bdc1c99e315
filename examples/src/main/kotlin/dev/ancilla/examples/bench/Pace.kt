package dev.ancilla.examples.bench

/**
 * How long the runs of a figure take. The first does not count: all that a contender does is done once before any of
 * it is measured, for the compilers of the JVMs work on meanwhile.
 */
internal data class Runs(val warmMillis: Long, val count: Int, val millis: Long)

/** Says how long things may take. */
internal sealed interface Pace {
    /** The runs of the figures of the first of those contenders that are left, whose processes are started already. */
    fun next(left: List<Contender>): Runs

    data object Thorough : Pace {
        override fun next(left: List<Contender>) = Runs(warmMillis = 1000, count = 5, millis = 400)
    }

    /** Divides what is left of its time among what is left to be done. */
    class Quick(millis: Long) : Pace {
        private val deadline = System.nanoTime() + millis * 1_000_000

        override fun next(left: List<Contender>): Runs {
            val millis = (deadline - System.nanoTime()) / 1_000_000 - left.drop(1).sumOf(::startMillis)
            val share = millis * shares(left.first()) / left.sumOf { it.figures.size * shares(it) }
            val each = (share - AROUND_MILLIS).coerceIn(SHORTEST, LONGEST)
            return Runs(warmMillis = each * 2 / 3, count = 1, millis = each / 3)
        }

        private companion object {
            /** About what it takes to start two JVMs, with the classes of who plays there. */
            fun startMillis(contender: Contender) = if (contender.isPlain) 500L else 1_300L

            /** A provider is more code to be compiled than the few lines that use the JDK. */
            fun shares(contender: Contender) = if (contender.isPlain) 1L else 3L

            /** What goes on around two runs. */
            const val AROUND_MILLIS = 60L
            const val SHORTEST = 60L
            const val LONGEST = 3000L
        }
    }
}

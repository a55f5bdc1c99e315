package dev.ancilla.junix

import io.kotest.assertions.withClue
import io.kotest.matchers.shouldBe

/**
 * That junixsocket still has the habits this module works around. A test here that fails is good
 * news: something was repaired upstream.
 */
class RawRowsTest : RowSpec({
    // Some rows leave files where they must not: in our directory they are removed.
    val verdicts by lazy {
        runMain("dev.ancilla.junix.RawMain", options = listOf("-Djava.io.tmpdir=$directory")).lines
    }

    for (row in RAW_ROWS) {
        test("${row.id} raw junixsocket ${row.habit}") {
            val prefix = "ROW ${row.id} ${row.habit}: "
            withClue("junixsocket no longer ${row.habit}: the workaround in ${row.workaround} can go") {
                verdicts.singleOrNull { it.startsWith(prefix) }?.removePrefix(prefix) shouldBe "there"
            }
        }
    }
})

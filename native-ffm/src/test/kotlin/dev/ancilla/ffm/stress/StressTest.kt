package dev.ancilla.ffm.stress

import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import java.io.File
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

/** A bounded part of what `native-ffm/stress` does. */
class StressTest :
    FunSpec({
        test("many messages, cancellations and closes leave descriptors, threads and memory as they were") {
            val file = File("stress").readLines()
            // The script's own words, so that both run the same.
            val options = file.single { it.startsWith("options=") }.split('\'')[1].split(' ')
            val classPath =
                System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
            val java = File(System.getProperty("java.home"), "bin/java").path
            val main = listOf("-cp", classPath, StressMain::class.java.name, "$MESSAGES")
            val process =
                ProcessBuilder(listOf(java) + options + main)
                    .redirectErrorStream(true)
                    .apply { environment()["MALLOC_ARENA_MAX"] = "2" }
                    .start()
            val told = StringBuilder()
            val reader =
                thread(isDaemon = true) {
                    process.inputStream.bufferedReader().forEachLine { told.appendLine(it) }
                }
            val ended = process.waitFor(180, TimeUnit.SECONDS)
            if (!ended) process.destroyForcibly()
            reader.join()

            withClue(told) {
                ended shouldBe true
                process.exitValue() shouldBe 0
                told.toString() shouldContain "passed: "
            }
        }
    })

private const val MESSAGES = 300_000

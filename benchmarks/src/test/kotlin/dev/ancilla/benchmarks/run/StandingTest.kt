package dev.ancilla.benchmarks.run

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import javax.xml.parsers.DocumentBuilderFactory

class StandingTest : FunSpec({
    fun rounds(vararg rates: Long) = rates.map { Sample(it, 1_000_000_000, null, null, 0, 0, null, null) }

    test("a ratio is the median of the rounds' ratios to the same rounds of the best C, not of medians") {
        val standings =
            standings(
                mapOf(
                    "c-slow" to rounds(10, 10, 10),
                    "c-mmsg" to rounds(100, 200, 400),
                    "ours" to rounds(90, 100, 400),
                ),
            )
        standings.map { it.contestant } shouldBe listOf("c-mmsg", "ours", "c-slow")
        standings.first { it.contestant == "ours" }.ratio shouldBe 0.9
        standings.first { it.contestant == "c-mmsg" }.ratio shouldBe 1.0
    }

    test("without C there is no ratio") {
        standings(mapOf("ours" to rounds(1, 2))).single().ratio shouldBe null
    }

    test("the median of an even number is between the two in the middle") {
        listOf(4, 1, 3, 2).median() shouldBe 2.5
    }

    test("a series is read as it was written") {
        val kept =
            Results(
                "fds",
                mapOf("when" to "now", "kernel" to "Linux 6"),
                mapOf("c-mmsg" to listOf(Sample(3, 1_000, 1, 2, 3, 4, null, 5)), "ours" to rounds(1, 2)),
                mapOf("node" to "not here: no npm"),
            )
        val directory = tempdir().toPath()
        kept.write(directory)
        Results.read(directory, "fds") shouldBe kept
        Results.read(directory, "oneway-64") shouldBe null
    }

    test("many sockets are judged by the server's processor time") {
        val many = workloads.first { it.name == "sockets-100" }
        val thrifty = Sample(100, 1_000, null, null, passiveCpu = 50, activeCpu = 0, null, null)
        val standings =
            standings(
                mapOf("c-epoll" to listOf(thrifty.copy(passiveCpu = 100)), "ours" to listOf(thrifty)),
                many::score,
            )
        standings.map { it.contestant to it.ratio } shouldBe listOf("ours" to 2.0, "c-epoll" to 1.0)
    }

    test("the picture has a bar for every contestant, and is well-formed") {
        val workload = workloads.first { it.name == "fds" }
        val results =
            Results("fds", emptyMap(), mapOf("c-mmsg" to rounds(2), "ffm-a<b" to rounds(1)), emptyMap())
        val svg = chartOf(listOf(workload to results))
        val document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(svg.byteInputStream())
        val texts =
            document.getElementsByTagName("text").let { nodes ->
                List(nodes.length) { nodes.item(it).textContent }
            }
        texts.filter { it in setOf("c-mmsg", "ffm-a<b") } shouldBe listOf("c-mmsg", "ffm-a<b")
    }
})

package dev.ancilla.benchmarks.run

/** The workloads that the picture shows. */
private val SHOWN =
    listOf(
        "oneway-64",
        "oneway-64-mutual",
        "receive-64",
        "send-64",
        "roundtrip-1core",
        "roundtrip-2core",
        "fds",
        "sockets-1000",
        "udp-oneway-64",
        "udp-oneway-64-offload",
        "udp-receive-64",
        "udp-roundtrip-1core",
        "stream-roundtrip-1core",
        "stream-bulk",
        "stream-fds",
        "stream-accepts",
    )

private const val PANEL_WIDTH = 560
private const val NAMES = 190
private const val BARS = 250
private const val ROW = 17
private const val HEAD = 44
private const val LARGEST = 1.25

/** Bars of the ratios to C, a panel a workload, two panels beside each other. */
internal fun chartOf(results: List<kotlin.Pair<Workload, Results>>): String {
    val panels =
        results.filter { it.first.name in SHOWN }.map { (workload, result) ->
            workload to standings(result.samples, workload::score)
        }
    val heights = panels.chunked(2).map { row -> row.maxOf { HEAD + ROW * it.second.size + 24 } }
    val body = StringBuilder()
    panels.forEachIndexed { i, (workload, standings) ->
        val x = (i % 2) * PANEL_WIDTH
        val y = LEGEND + heights.take(i / 2).sum()
        body.append("<g transform=\"translate($x,$y)\">${panelOf(workload, standings)}</g>\n")
    }
    val height = LEGEND + heights.sum()
    val width = PANEL_WIDTH * 2
    return """
        |<svg xmlns="http://www.w3.org/2000/svg" width="$width" height="$height"
        | font-family="sans-serif" font-size="12">
        |<rect width="100%" height="100%" fill="#ffffff"/>
        |$legend
        |$body</svg>
        |
        """.trimMargin()
}

private fun panelOf(workload: Workload, standings: List<Standing>) = buildString {
    val one = NAMES + (BARS / LARGEST).toInt()
    val bottom = HEAD + ROW * standings.size
    append("<text x=\"16\" y=\"22\" font-weight=\"bold\">${workload.title.escaped()}</text>\n")
    append("<text x=\"$one\" y=\"38\" text-anchor=\"middle\" fill=\"#666\" font-size=\"10\">best C</text>\n")
    standings.forEachIndexed { i, standing ->
        val y = HEAD + ROW * i
        val ratio = standing.ratio ?: 0.0
        val name = standing.contestant.escaped()
        val width = (ratio.coerceAtMost(LARGEST) * BARS / LARGEST).toInt().coerceAtLeast(1)
        append(
            "<text x=\"${NAMES - 6}\" y=\"${y + 12}\" text-anchor=\"end\">$name</text>",
        )
        append(
            "<rect x=\"$NAMES\" y=\"${y + 2}\" width=\"$width\" height=\"${ROW - 4}\" fill=\"${colourOf(
                standing.contestant,
            )}\"/>",
        )
        append("<text x=\"${NAMES + width + 5}\" y=\"${y + 12}\" fill=\"#333\">${"%.2f".format(ratio)}")
        append("<tspan fill=\"#888\" font-size=\"10\">  ${shown(workload, standing)}</tspan></text>\n")
    }
    append(
        "<line x1=\"$one\" x2=\"$one\" y1=\"$HEAD\" y2=\"$bottom\" stroke=\"#777\"/>",
    )
}

private fun shown(workload: Workload, standing: Standing) = if (workload.kind ==
    Kind.MANY
) {
    "%.1f µs".format(standing.passiveCpu)
} else {
    "%,.0f k/s".format(standing.rate / 1000)
}

private val FAMILIES =
    listOf(
        "c-" to "#9e9e9e",
        "ffm-" to "#1565c0",
        "junix-" to "#26a69a",
        "jdk-" to "#9575cd",
        "" to "#ef6c00",
    )
private val FAMILY_NAMES =
    listOf("C", "Ancilla on native-ffm", "Ancilla on native-junix", "Ancilla on the JDK", "other libraries")

private fun colourOf(contestant: String) = FAMILIES.first { contestant.startsWith(it.first) }.second

private const val LEGEND = 40

private val legend =
    FAMILIES.zip(FAMILY_NAMES).withIndex().joinToString("") { (i, family) ->
        val x = 16 + i * 200
        "<rect x=\"$x\" y=\"14\" width=\"12\" height=\"12\" fill=\"${family.first.second}\"/>" +
            "<text x=\"${x + 18}\" y=\"24\">${family.second}</text>"
    }

private fun String.escaped() = replace("&", "&amp;").replace("<", "&lt;")

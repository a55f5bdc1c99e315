package dev.ancilla.benchmarks.run

/** A column of a table: what stands above it, and what a contestant has there, if anything. */
private class Column(val head: String, val cell: (Standing) -> String?)

/** The standings of a workload as a Markdown table, which reads well as plain text too. */
internal fun tableOf(workload: Workload, standings: List<Standing>): String {
    val columns = columnsOf(workload).filter { column -> standings.any { column.cell(it) != null } }
    val rows = standings.map { standing -> columns.map { it.cell(standing).orEmpty() } }
    val widths = columns.mapIndexed { i, column -> (rows.map { it[i].length } + column.head.length).max() }
    val rule =
        widths.mapIndexed { i, width ->
            if (i ==
                0
            ) {
                "-".repeat(width)
            } else {
                "-".repeat(width - 1) + ":"
            }
        }
    return (listOf(columns.map { it.head }, rule) + rows).joinToString("\n") { row ->
        row
            .mapIndexed { i, cell -> if (i == 0) cell.padEnd(widths[i]) else cell.padStart(widths[i]) }
            .joinToString(" | ", "| ", " |")
    }
}

private fun columnsOf(workload: Workload): List<Column> = when (workload.kind) {
    Kind.START -> {
        listOf(
            Column("contestant") { it.contestant },
            Column("ms") { "%.1f".format(1e3 / it.rate) },
        )
    }

    Kind.MANY -> {
        listOf(
            Column("contestant") { it.contestant },
            Column("server's CPU µs a message") { "%.2f".format(it.passiveCpu) },
            Column("× C (more is better)") { it.ratio.shown("%.2f") },
            Column("round trips a second") { "%,.0f".format(it.rate) },
        )
    }

    else -> {
        listOf(
            Column("contestant") { it.contestant },
            Column("a second") { "%,.0f".format(it.rate) },
            Column("GB a second") { (it.rate * workload.size / 1e9).takeIf { workload.bulk }.shown("%.2f") },
            Column("× best C") { it.ratio.shown("%.2f") },
            Column("rounds") { "±%.0f %%".format(it.spread * 100) },
            Column("lost %") { standing -> standing.lost?.let { "%.1f".format(it * 100) } },
            Column("p50 µs") { it.p50.shown("%.1f") },
            Column("p99 µs") { it.p99.shown("%.1f") },
            Column("server's CPU µs") { it.passiveCpu.takeIf { workload.kind == Kind.ACCEPT }.shown("%.2f") },
            Column("CPU µs, both ends") { "%.2f".format(it.cpu) },
            Column("receiver allocates B") { it.passiveAllocated.shown("%.1f") },
            Column("sender allocates B") { it.activeAllocated.shown("%.1f") },
        )
    }
}

private fun Double?.shown(format: String) = this?.let { format.format(it) }

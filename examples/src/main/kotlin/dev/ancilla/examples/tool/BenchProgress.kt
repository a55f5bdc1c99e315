package dev.ancilla.examples.tool

import com.github.ajalt.mordant.animation.progress.ThreadProgressTaskAnimator
import com.github.ajalt.mordant.animation.progress.advance
import com.github.ajalt.mordant.animation.progress.animateOnThread
import com.github.ajalt.mordant.animation.progress.execute
import com.github.ajalt.mordant.terminal.Terminal
import com.github.ajalt.mordant.widgets.progress.percentage
import com.github.ajalt.mordant.widgets.progress.progressBar
import com.github.ajalt.mordant.widgets.progress.progressBarContextLayout
import com.github.ajalt.mordant.widgets.progress.text
import com.github.ajalt.mordant.widgets.progress.timeElapsed

/** A bar where somebody watches; otherwise a line for each step, on standard error. */
internal class BenchProgress(terminal: Terminal, private val steps: Int) : AutoCloseable {
    private val bar: ThreadProgressTaskAnimator<String>? =
        if (terminal.terminalInfo.outputInteractive) barOn(terminal) else null
    private var done = 0

    private fun barOn(terminal: Terminal) = progressBarContextLayout {
        progressBar()
        percentage()
        timeElapsed()
        text { context }
    }.animateOnThread(terminal, context = "", total = steps.toLong(), clearWhenFinished = true)
        .also { it.execute() }

    fun step(text: String) {
        done++
        if (bar == null) return System.err.println("ancilla: $done of $steps: $text")
        bar.update {
            context = text
            completed = done - 1L
        }
    }

    override fun close() {
        bar?.stop()
        bar?.clear()
    }
}

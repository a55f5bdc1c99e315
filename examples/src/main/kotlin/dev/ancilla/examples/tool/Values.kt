package dev.ancilla.examples.tool

import com.github.ajalt.clikt.parameters.arguments.RawArgument
import com.github.ajalt.clikt.parameters.arguments.convert
import com.github.ajalt.clikt.parameters.options.RawOption
import com.github.ajalt.clikt.parameters.options.convert
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/** An address. */
internal fun RawArgument.address() = convert { addressOf(it) }

/** As [RawArgument.address]. */
internal fun RawOption.address() = convert("ADDRESS") { addressOf(it) }

/** What an inherited socket is called. */
internal fun RawOption.name() = convert("NAME") { nameOf(it) }

/** A time in seconds, with a fraction if need be. */
internal fun RawOption.seconds() = convert("SECONDS") { secondsOf(it) }

/** A multicast group. */
internal fun RawOption.group() = convert("GROUP[@INTERFACE]") { groupOf(it) }

/** Permission bits, octal as chmod(1) takes them. */
internal fun RawOption.mode() = convert("MODE") { modeOf(it) }

private fun secondsOf(text: String): Duration {
    val seconds = text.toDoubleOrNull()?.takeIf { it.isFinite() && it >= 0 }
    return requireNotNull(seconds) { "not a number of seconds, 0 or more: $text" }.seconds
}

private fun nameOf(text: String): String {
    val fits = text.length <= LONGEST_NAME && text.all { it in ' '..'~' && it != ':' }
    require(fits) { "not a name, at most $LONGEST_NAME characters of ASCII without colons: $text" }
    return text
}

private fun modeOf(text: String): Int {
    val mode = text.takeIf { it.all(Char::isDigit) }?.toIntOrNull(8)?.takeIf { it in 0..511 }
    return requireNotNull(mode) { "not a mode within 0..0777: $text" }
}

/** FDNAME_MAX of systemd. */
private const val LONGEST_NAME = 255

package dev.ancilla.examples.tool

/** A value as JSON (RFC 8259): a map, a list, a string, a number, a boolean or `null`. */
internal fun json(value: Any?): String = StringBuilder().also { it.appendJson(value) }.toString()

private fun StringBuilder.appendJson(value: Any?) {
    when (value) {
        null, is Boolean, is Int, is Long -> {
            append(value)
        }

        is Map<*, *> -> {
            appendAll(value.entries, '{', '}') { (key, inner) ->
                appendJsonString(key.toString())
                append(':')
                appendJson(inner)
            }
        }

        is Iterable<*> -> {
            appendAll(value, '[', ']') { appendJson(it) }
        }

        else -> {
            appendJsonString(value.toString())
        }
    }
}

private fun <T> StringBuilder.appendAll(all: Iterable<T>, open: Char, close: Char, one: (T) -> Unit) {
    append(open)
    all.forEachIndexed { index, value ->
        if (index > 0) append(',')
        one(value)
    }
    append(close)
}

private fun StringBuilder.appendJsonString(text: String) {
    append('"')
    for (c in text) {
        when {
            c == '"' || c == '\\' -> {
                append('\\').append(c)
            }

            c == '\n' -> {
                append("\\n")
            }

            c == '\r' -> {
                append("\\r")
            }

            c == '\t' -> {
                append("\\t")
            }

            // U+0085, U+2028 and U+2029 end a line for some readers.
            c < ' ' || c in '\u007f'..'\u009f' || c in '\u2028'..'\u2029' -> {
                append("\\u").append(c.code.toString(16).padStart(4, '0'))
            }

            else -> {
                append(c)
            }
        }
    }
    append('"')
}

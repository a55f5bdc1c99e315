package dev.ancilla.examples

import java.util.concurrent.ConcurrentHashMap

/**
 * What the key-value services answer: to `put KEY VALUE` they say `ok`, to `get KEY` the value or `none`, to
 * anything else what is wrong with it.
 */
class KeyValueStore {
    private val values = ConcurrentHashMap<String, String>()

    /** Answers one request. */
    fun answer(request: String): String {
        val words = request.trim().split(' ', limit = 3)
        return when {
            words[0] == "put" && words.size == 3 -> "ok".also { values[words[1]] = words[2] }
            words[0] == "get" && words.size == 2 -> values[words[1]] ?: "none"
            else -> "error: neither \"put KEY VALUE\" nor \"get KEY\": ${request.take(SHOWN)}"
        }
    }

    private companion object {
        /** An answer that is longer than the longest message would reach nobody. */
        private const val SHOWN = 100
    }
}

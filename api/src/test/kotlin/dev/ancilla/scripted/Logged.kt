package dev.ancilla.scripted

import java.util.concurrent.CopyOnWriteArrayList
import java.util.logging.Handler
import java.util.logging.Level
import java.util.logging.LogRecord
import java.util.logging.Logger

/**
 * What the library logs under a name while this is open; nothing of it reaches the console.
 *
 * @param onPublish what the logger does besides
 */
class Logged(name: String, private val onPublish: () -> Unit = {}) :
    Handler(),
    AutoCloseable {
    private val logger = Logger.getLogger(name)
    private val parents = logger.useParentHandlers
    private val before: Level? = logger.level

    val records = CopyOnWriteArrayList<LogRecord>()

    init {
        logger.useParentHandlers = false
        logger.level = Level.ALL
        logger.addHandler(this)
    }

    override fun publish(record: LogRecord) {
        records += record
        onPublish()
    }

    override fun flush() {}

    override fun close() {
        logger.removeHandler(this)
        logger.useParentHandlers = parents
        logger.level = before
    }
}

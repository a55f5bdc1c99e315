package dev.ancilla.examples.demo

/** Tells what a process does, as it does it. A line is one write, so those of two processes do not mix. */
internal class Story(role: String) {
    private val prefix = "  $role ${ProcessHandle.current().pid()}: "

    fun tell(line: String) = print("$prefix$line\n")

    fun title(line: String) = print("$line\n")

    private fun print(text: String) {
        System.out.write(text.toByteArray())
        System.out.flush()
    }
}

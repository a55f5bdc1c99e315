package dev.ancilla.spi;

/**
 * Logs where nothing may fail: on the thread of an event loop, and while something is closed. A
 * logger can, with an {@link Error} too: Java's own reads its time zones with the first line, for
 * which a process that is out of descriptors has none.
 */
public final class QuietLog {
  private QuietLog() {}

  /**
   * Logs what was thrown, if that can be done.
   *
   * @param source the class whose name the logger has
   * @param level the level
   * @param message what happened
   * @param thrown why
   */
  public static void log(
      Class<?> source, System.Logger.Level level, String message, Throwable thrown) {
    try {
      System.getLogger(source.getName()).log(level, message, thrown);
    } catch (Throwable unlogged) {
      // Whoever logs here has something to do that is worth more than a line.
    }
  }

  /**
   * Logs a message, if that can be done.
   *
   * @param source the class whose name the logger has
   * @param level the level
   * @param format the message, with {@code {0}} and so on for its parameters
   * @param parameters the parameters
   */
  public static void log(
      Class<?> source, System.Logger.Level level, String format, Object... parameters) {
    try {
      System.getLogger(source.getName()).log(level, format, parameters);
    } catch (Throwable unlogged) {
      // See above.
    }
  }
}

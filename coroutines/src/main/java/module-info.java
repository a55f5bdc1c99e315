/** Suspending calls for the sockets of {@code dev.ancilla}. */
module dev.ancilla.coroutines {
  requires transitive dev.ancilla;
  requires transitive kotlin.stdlib;
  requires transitive kotlinx.coroutines.core;
  requires transitive kotlinx.io.bytestring;
  requires transitive kotlinx.io.core;
  requires transitive org.jspecify;

  exports dev.ancilla.coroutines;
}

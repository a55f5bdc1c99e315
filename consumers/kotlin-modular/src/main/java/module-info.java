/** A Kotlin program that names the coroutines module; its provider is found on the module path. */
module dev.ancilla.consumer.kotlin {
  requires dev.ancilla.coroutines;
  requires kotlin.stdlib;
  requires kotlinx.coroutines.core;
}

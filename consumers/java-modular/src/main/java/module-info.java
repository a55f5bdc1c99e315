/** A program that names the api alone; its provider is found on the module path. */
module dev.ancilla.consumer.java {
  requires dev.ancilla;
}

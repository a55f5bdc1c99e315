/**
 * Local sockets for the JVM: Unix datagrams, streams and sequenced packets with their servers, and
 * UDP; descriptors and credentials are tied to the message, or the byte, that carried them.
 *
 * <p>This module holds the interfaces, the contract of a provider, the engine behind the blocking
 * and asynchronous views, and UDP over the JDK. Unix sockets come from a provider module, such as
 * {@code dev.ancilla.junix}.
 */
module dev.ancilla {
  requires static org.jspecify;

  exports dev.ancilla;
  exports dev.ancilla.spi;

  uses dev.ancilla.spi.Provider;

  provides dev.ancilla.spi.Provider with
      dev.ancilla.jdk.JdkProvider;
}

/**
 * The portable provider: Unix datagrams, streams and servers over junixsocket-core.
 *
 * <p>On the module path three things need {@code --add-opens
 * org.newsclub.net.unix/org.newsclub.net.unix=dev.ancilla.junix}: streams and servers, receiving
 * more than 60 descriptors with one message, and telling the sender of an empty message.
 */
module dev.ancilla.junix {
  requires transitive dev.ancilla;
  requires static org.jspecify;
  requires org.newsclub.net.unix;
  // Holds the native library, which org.newsclub.net.unix looks for but does not require.
  requires com.kohlschutter.junixsocket.nativecommon;

  provides dev.ancilla.spi.Provider with
      dev.ancilla.junix.JunixProvider;

  exports dev.ancilla.junix;
}

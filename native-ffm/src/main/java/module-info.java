/**
 * The fast provider: Unix datagrams, streams and sequenced packets with their servers, and UDP, by
 * Linux's own calls, through {@code java.lang.foreign}.
 *
 * <p>Programs do not name it: it is found at run time. They allow native access with {@code
 * --enable-native-access=dev.ancilla.ffm}.
 */
module dev.ancilla.ffm {
  requires transitive dev.ancilla;
  requires static org.jspecify;

  exports dev.ancilla.ffm;

  provides dev.ancilla.spi.Provider with
      dev.ancilla.ffm.FfmProvider;
}

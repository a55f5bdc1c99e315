package dev.ancilla.engine;

import dev.ancilla.Feature;
import dev.ancilla.OwnedFd;
import dev.ancilla.UnsupportedFeatureException;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is checked of a message before any system call, alone or in a batch. */
record OutgoingChecks(AddressRules rules, Opening.Opened opened) {
  private static final int DESCRIPTORS_PER_MESSAGE = 253; // SCM_MAX_FD of Linux

  @Nullable SocketAddress target(@Nullable SocketAddress target) {
    return rules.forSend(target);
  }

  void descriptors(List<OwnedFd> descriptors, @Nullable SocketAddress target) {
    if (!opened.features().contains(Feature.FD_PASSING)) {
      throw new UnsupportedFeatureException(
          Feature.FD_PASSING,
          opened.provider(),
          "send with " + descriptors.size() + " descriptors");
    }
    if (descriptors.size() > DESCRIPTORS_PER_MESSAGE) {
      throw new IllegalArgumentException(
          to(target) + descriptors.size() + " descriptors, at most 253 fit one message");
    }
  }

  static String to(@Nullable SocketAddress target) {
    return "send" + (target == null ? "" : " " + target) + ": ";
  }
}

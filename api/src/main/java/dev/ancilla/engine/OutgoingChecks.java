package dev.ancilla.engine;

import dev.ancilla.Feature;
import dev.ancilla.OwnedFd;
import dev.ancilla.PacketInfo;
import dev.ancilla.SocketOpException;
import dev.ancilla.UnsupportedFeatureException;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is checked of a message, or a write, before any system call, alone or in a batch. */
record OutgoingChecks(String operation, AddressRules rules, Opening.Opened<?> opened) {
  private static final int DESCRIPTORS_PER_MESSAGE = 253; // SCM_MAX_FD of Linux

  @Nullable SocketAddress target(@Nullable SocketAddress target) {
    try {
      return rules.forSend(target);
    } catch (SocketOpException forbidden) {
      throw new IllegalArgumentException(forbidden.getMessage(), forbidden);
    }
  }

  private void descriptors(List<OwnedFd> descriptors, @Nullable SocketAddress target) {
    if (!opened.features().contains(Feature.FD_PASSING)) {
      throw new UnsupportedFeatureException(
          Feature.FD_PASSING,
          opened.provider(),
          operation + " with " + descriptors.size() + " descriptors");
    }
    if (descriptors.size() > DESCRIPTORS_PER_MESSAGE) {
      throw new IllegalArgumentException(
          to(target) + descriptors.size() + " descriptors, at most 253 fit one message");
    }
  }

  void source(PacketInfo source, @Nullable SocketAddress target) {
    if (!opened.features().contains(Feature.PACKET_INFO)) {
      throw new UnsupportedFeatureException(
          Feature.PACKET_INFO, opened.provider(), to(target) + "from " + source);
    }
  }

  List<OwnedFd.Hold> hold(List<OwnedFd> descriptors, @Nullable SocketAddress target) {
    descriptors(descriptors, target);
    return Holds.of(descriptors, to(target));
  }

  private String to(@Nullable SocketAddress target) {
    return operation + (target == null ? "" : " " + target) + ": ";
  }
}

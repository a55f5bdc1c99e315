package dev.ancilla;

import java.net.InetAddress;
import java.net.NetworkInterface;
import org.jspecify.annotations.Nullable;

/**
 * Where a UDP message arrived, or where one shall come from.
 *
 * <p>Of a received message all is known. For one to send only the address and the interface count,
 * and either may be left out.
 *
 * <p><b>Platforms.</b> Needs {@link Feature#PACKET_INFO}.
 *
 * @param address of a received message where it was sent to, a multicast group for instance; of one
 *     to send its source, {@code null} for the kernel's choice
 * @param interfaceIndex the index of the interface, 0 for the kernel's choice
 * @param hopLimit how many hops the message had left when it came, -1 if that is not known
 * @param trafficClass the TOS byte or traffic class with which it came, -1 if that is not known
 */
public record PacketInfo(
    @Nullable InetAddress address, int interfaceIndex, int hopLimit, int trafficClass) {
  /**
   * Returns the source with an address of this machine.
   *
   * @param address the address that the receiver shall see
   * @return the source
   */
  public static PacketInfo of(InetAddress address) {
    return new PacketInfo(address, 0, -1, -1);
  }

  /**
   * Returns the source with an interface.
   *
   * @param through where the message shall leave
   * @return the source
   */
  public static PacketInfo of(NetworkInterface through) {
    return new PacketInfo(null, through.getIndex(), -1, -1);
  }

  /**
   * Returns the congestion mark, the last two bits of the traffic class ({@code RFC 3168}).
   *
   * @return 0 to 3, or -1 if the traffic class is not known
   */
  public int ecn() {
    return trafficClass < 0 ? -1 : trafficClass & 3;
  }
}

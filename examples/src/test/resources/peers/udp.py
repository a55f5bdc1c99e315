"""Python's own UDP as a peer, called as: python3 udp.py FUNCTION ARGUMENT..., with what UdpPeer.kt says."""
import socket
import struct
import sys

# Of <netinet/in.h>; Python has no name for it.
IP_RECVTTL = 12


def opened(host):
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)


def ask(host, port, text):
    """Sends a question and prints the answer."""
    with opened(host) as s:
        s.sendto(text.encode(), (host, int(port)))
        print(s.recvfrom(65535)[0].decode(), end="")


def answer(host, port):
    """Sends a question back in capitals."""
    with opened(host) as s:
        s.bind((host, int(port)))
        question, sender = s.recvfrom(65535)
        s.sendto(question.decode().upper().encode(), sender)


def joined(host, group, on):
    """A socket in the group, if one is named. It is bound after that, so who sees the port sees a member."""
    s = opened(host)
    if ":" in group:
        wanted = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", socket.if_nametoindex(on))
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, wanted)
    elif group:
        wanted = socket.inet_aton(group) + socket.inet_aton(on)
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, wanted)
    return s


def hear(host, port, group="", on=""):
    """Prints one message, of a group if one is named."""
    with joined(host, group, on) as s:
        s.bind((host, int(port)))
        print(s.recvfrom(65535)[0].decode(), end="")


def hops(host, port, group="", on=""):
    """Prints how many hops the message had left."""
    with joined(host, group, on) as s:
        if ":" in host:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        else:
            s.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        s.bind((host, int(port)))
        _, [(_, _, left)], _, _ = s.recvmsg(65535, 100)
        print(struct.unpack("@i", left)[0])


def tell(to, port, text, on=""):
    """Sends a message to a group through an interface, or to everybody."""
    with opened(to) as s:
        if ":" in to:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex(on))
        elif on:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(on))
        else:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.sendto(text.encode(), (to, int(port)))


globals()[sys.argv[1]](*sys.argv[2:])

"""
A network link that loses, doubles and reorders, called as: unshare --net python3 lossy-link.py COMMAND...

The command runs in this network, has the address 10.7.0.1, and meets itself at 10.7.0.2: what goes to there comes
back as if from there. Of each ten packets the third is lost, the fifth comes twice, and the seventh after the eighth.
"""
import fcntl
import os
import select
import struct
import subprocess
import sys

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000


def link():
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", b"lossy", IFF_TUN | IFF_NO_PI))
    for command in ("ip link set lo up", "ip address add 10.7.0.1/24 dev lossy", "ip link set lossy txqueuelen 5000 up"):
        subprocess.check_call(command.split())
    return tun


def returned(packet):
    """With the addresses exchanged, which changes no checksum."""
    return packet[:12] + packet[16:20] + packet[12:16] + packet[20:]


def is_udp(packet):
    return packet[0] >> 4 == 4 and packet[9] == 17


def carry(tun, child):
    count, late = 0, []
    while child.poll() is None:
        if not select.select([tun], [], [], 0.1)[0]:
            continue
        packet = os.read(tun, 65536)
        if not is_udp(packet):
            continue
        count += 1
        place = count % 10
        if place == 7:
            late = [returned(packet)]
        elif place != 3:
            for each in [returned(packet)] * (2 if place == 5 else 1) + late:
                os.write(tun, each)
            late = []


tun = link()
child = subprocess.Popen(sys.argv[1:])
carry(tun, child)
sys.exit(child.returncode)

"""A name server for one gateway that responds as a fault requires, or not at all.

The gateway runs in a mount namespace in which `/etc/resolv.conf` names an address of this machine's loopback.
"""

import asyncio
import shutil
import socket
import struct
import subprocess

from kit.table import Skip
from kit.world import need_root

NXDOMAIN, SERVFAIL = 3, 2


class Names(asyncio.DatagramProtocol):
    """Answer queries for A records from `table`: an address, an error code, or no response."""

    def __init__(self):
        self.table = {}
        self.asked = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += data[at] + 1
        name = ".".join(labels).lower()
        kind = struct.unpack("!H", data[at + 1 : at + 3])[0]
        self.asked.append((name, kind))
        said = self.table.get(name, NXDOMAIN)
        if said is None:
            return
        question = data[12 : at + 5]
        code = said if isinstance(said, int) else 0
        answers = b""
        count = 0
        if isinstance(said, str) and kind == (28 if ":" in said else 1):
            packed = socket.inet_pton(socket.AF_INET6 if ":" in said else socket.AF_INET, said)
            answers = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(packed)) + packed
            count = 1
        header = data[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, count, 0, 0)
        self.transport.sendto(header + question + answers, sender)


async def name_server(w, address="127.77.0.53"):
    """Start a name server. Return it and the command that wraps a gateway to use it."""
    need_root()
    file = f"{w.folder}/resolv.conf"
    with open(file, "w") as text:
        text.write(f"nameserver {address}\noptions timeout:2 attempts:2\n")
    wrap = in_mounts(f"mount --bind {file} /etc/resolv.conf")
    try:
        transport, names = await asyncio.get_running_loop().create_datagram_endpoint(Names, local_addr=(address, 53))
    except OSError as error:
        raise Skip(f"needs port 53 of {address}: {error}")
    w.closers.append(transport.close)
    return names, wrap


def in_mounts(commands):
    """Return the start of a command line that runs in its own mount namespace, prepared by `commands`."""
    need_root()
    if not shutil.which("unshare"):
        raise Skip("needs unshare")
    wrap = ["unshare", "-m", "sh", "-c", f'set -e; {commands}; exec "$@"', "sh"]
    tried = subprocess.run([*wrap, "true"], capture_output=True, text=True)
    if tried.returncode:
        raise Skip(f"needs a mount namespace: {tried.stderr.strip()}")
    return wrap

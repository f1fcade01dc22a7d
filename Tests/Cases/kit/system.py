"""Requirements of a case: programs, and Linux namespaces."""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys

from kit.verdict import skip


def require_programs(*names):
    """Skip the case if a program is missing."""
    for name in names:
        if not shutil.which(name):
            skip("needs the program " + name)


def in_namespaces(*kinds):
    """Restart the case in new namespaces (of `net`, `mount`, `pid`, `uts`), or skip it.

    With `net`, only loopback is reachable. Without root, the case is root in a new user namespace.
    """
    if os.environ.get("CASE_NAMESPACES"):
        if "net" in kinds:
            _enable_loopback()
        return
    require_programs("unshare")
    flags = ["--" + kind for kind in kinds] + (["--fork", "--kill-child", "--mount-proc"] if "pid" in kinds else [])
    for root in [[], ["--map-root-user"]] if os.geteuid() == 0 else [["--map-root-user"]]:
        prefix = ["unshare", *root, *flags]
        if subprocess.run([*prefix, "true"], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0:
            os.execvpe(prefix[0], [*prefix, sys.executable, *sys.argv], {**os.environ, "CASE_NAMESPACES": "1"})
    skip("needs new namespaces (%s), which this system does not allow" % ", ".join(kinds))


def _enable_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(handle, 0x8913, request))[1]  # SIOCGIFFLAGS
        fcntl.ioctl(handle, 0x8914, struct.pack("16sh14x", b"lo", flags | 1))  # SIOCSIFFLAGS, IFF_UP

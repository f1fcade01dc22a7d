"""A user works on a terminal without colors, or disables them: TERM=dumb, NO_COLOR=1. No command writes escape
sequences to a terminal with TERM=dumb or NO_COLOR=1."""

import os
import pty
import subprocess

from kit import HOOSH, check, done, environment

for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
    parent_end, child_end = pty.openpty()
    process = subprocess.Popen(
        [HOOSH, "fit", "llama-3.1-8b", "--no-drivers"],
        stdin=child_end,
        stdout=child_end,
        stderr=child_end,
        env=environment(**{"TERM": "xterm", name: value}),
    )
    os.close(child_end)
    output = b""
    while True:
        try:
            more = os.read(parent_end, 4096)
        except OSError:
            break
        if not more:
            break
        output += more
    process.wait()
    os.close(parent_end)
    check(output and b"\x1b[" not in output, "%s=%s" % (name, value), output[:80])
done()

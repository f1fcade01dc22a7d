"""A command cannot reach the gateway: nothing listens there, its host name is unknown, or it accepts connections and
never responds. A command that reaches no gateway ends within 15 seconds, with exit status 69 and a reason in plain
words."""

import socket

from kit import check, command, done, free_port

silent = socket.socket()
silent.bind(("127.0.0.1", 0))
silent.listen(8)
for label, name, address in (
    ("nothing listens", "health", "http://127.0.0.1:%d" % free_port()),
    ("nothing listens", "models", "http://127.0.0.1:%d" % free_port()),
    ("the host name is unknown", "models", "http://gateway.invalid:8088"),
    ("the server never responds", "health", "http://127.0.0.1:%d" % silent.getsockname()[1]),
):
    ran = command(name, "--server", address, timeout=15)
    check(ran.returncode == 69, "%s: %s ends with exit status 69" % (label, name), "exit %s" % ran.returncode)
    check(
        ran.err and not any(symbol in ran.err for symbol in ("failed(", "Reactor.", "TransferError")),
        "%s: %s prints the reason in plain words" % (label, name),
        ran.err or "no output",
    )
done()

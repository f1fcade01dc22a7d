"""A configuration, a model file, a server that is no gateway, and a caller send control characters: escape sequences
of 7 and of 8 bits, a backspace, and a carriage return. No command, and no gateway that logs to a terminal, passes
them on."""

import json
import os
import pty
import select
import struct
import subprocess
import time

from kit import (
    HOOSH,
    Client,
    Upstream,
    at_exit,
    check,
    done,
    environment,
    error_reply,
    free_port,
    reply,
    table,
    temp_folder,
    write_file,
)

CONTROL = "\x1b]0;title\x07\x1b[2J\x9b31m\x08\x0d"
BYTES = (b"\x1b", b"\x07", b"\x9b31m", b"\x08", b"\xc2\x9b")
home = temp_folder()


def read_terminal(descriptor, seconds, until=None):
    """Return what is written to a terminal."""
    output, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and not (until and until in output):
        if select.select([descriptor], [], [], 0.2)[0]:
            try:
                more = os.read(descriptor, 65536)
            except OSError:
                break
            if not more:
                break
            output += more
    return output


def run_on_terminal(*arguments):
    """Return the output of a command on a terminal."""
    process, descriptor = pty.fork()
    if process == 0:
        os.chdir(home)
        # Without colors of its own, every escape sequence is from outside.
        os.execve(HOOSH, [HOOSH, *arguments], environment(TERM="dumb", NO_COLOR="1", HOME=home))
    output = read_terminal(descriptor, 10)
    os.close(descriptor)
    os.waitpid(process, 0)
    return output


def verify(label, output):
    found = [each for each in BYTES if each in output]
    check(len(output) > 3, label + ": output", output)
    check(not found, label + ": no control characters", "%s in %r" % (found, output[:200]))
    lone = output.replace(b"\r\n", b"").replace(b"\r", b"\0") if b"\r" in output.replace(b"\r\n", b"") else b""
    check(not lone, label + ": no carriage return", output[:200])


escaped = json.dumps(CONTROL)[1:-1]
for label, text in (
    ("an unknown key", '[server]\n"%s" = 1\n' % escaped),
    ("a value", '[server]\nstrategy = "%s"\n' % escaped),
    ("a name", '[[providers]]\ntype = "Demo"\nname = "%s"\n' % escaped),
    ("a type", '[[providers]]\ntype = "%s"\n' % escaped),
    ("a URL", '[[providers]]\ntype = "OpenAiCompatible"\nbase_url = "http://%s"\n' % escaped),
    ("a variable", '[auth]\ntokens = ["$%s"]\n' % escaped),
    ("a target", '[[virtual_models]]\nname = "v"\ntargets = ["%s"]\n' % escaped),
    (
        "an alias of a loop",
        '[[aliases]]\nname = "%s"\nmodel = "%s"\n[[providers]]\ntype = "Demo"\n' % (escaped, escaped),
    ),
):
    verify("check, " + label, run_on_terminal("check", "--config", write_file(os.path.join(home, "x.toml"), text)))
evil_name = os.path.join(home, "evil\x1b[31m\x07.toml")
write_file(evil_name, "[broken")
verify("check, the name of a file", run_on_terminal("check", "--config", evil_name))
verify("an option", run_on_terminal("--" + CONTROL.replace("\x0d", "")))
verify("a command", run_on_terminal("x" + CONTROL.replace("\x0d", "")))

header = json.dumps(
    {"t" + CONTROL: {"dtype": "E" + CONTROL, "shape": [1], "data_offsets": [0, 2]}, "__metadata__": {"format": CONTROL}}
).encode()
path = write_file(os.path.join(home, "m.safetensors"), struct.pack("<Q", len(header)) + header + b"\0\0")
verify("fit, a header", run_on_terminal("fit", path))
verify("fit, a name", run_on_terminal("fit", "llama-7b" + CONTROL.replace("\x0d", "")))

evil = Upstream(
    lambda request: error_reply(400, "no " + CONTROL),
    listing=lambda request: reply({"error": {"message": CONTROL}}, 500),
)
other = Upstream(
    lambda request: reply({"object": CONTROL, "decision": {"reason": CONTROL}, "model": CONTROL}),
    listing=lambda request: reply(
        {
            "object": "status",
            "version": CONTROL,
            "loop": {"lag_us": {}},
            "status": CONTROL,
            "data": [{"id": CONTROL, "owned_by": CONTROL}],
        }
    ),
)
for label, upstream in (("errors", evil), ("responses", other)):
    server = ("--server", upstream.url)
    for arguments in (
        ("models", *server),
        ("info", *server),
        ("route", "m", *server),
        ("infer", *server, "-m", "m", "hi"),
        ("health", *server),
    ):
        output = run_on_terminal(*arguments)
        if len(output) > 3:
            verify("%s, %s of a server" % (arguments[0], label), output)

path = write_file(os.path.join(home, "hoosh.toml"), table("[[providers]]", type="Demo", models=["demo-*"]))
primary, secondary = pty.openpty()
port = free_port()
process = subprocess.Popen(
    [HOOSH, "serve", "--port", str(port), "--config", path], env=environment(TERM="dumb", NO_COLOR="1", HOME=home),
    stdin=subprocess.DEVNULL, stdout=secondary, stderr=secondary,
)  # fmt: skip
at_exit(process.kill)
output = read_terminal(primary, 5, b"listens")
client = Client(port)
client.chat("demo-tokens1-rate0-first0" + CONTROL, headers={"x-request-id": "abc\x9b31m", "user-agent": "x"})
client.chat("unknown" + CONTROL)
client.send(b"GET /v1/models/\x9b31m\x08 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
client.get("/v1/models/%1b%5b2J%07%9b")
verify("a gateway on a terminal", output + read_terminal(primary, 1.5))
done()

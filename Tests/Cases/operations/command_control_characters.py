"""A provider sends control characters in a model ID, a response, and an error: they write to the clipboard, clear the
screen, and change the color. `hoosh models` and `hoosh infer` do not pass control characters to a terminal."""

import os
import pty
import select
import time

from kit import (
    HOOSH,
    Gateway,
    Upstream,
    chat_chunk,
    check,
    completion,
    done,
    environment,
    error_reply,
    provider,
    reply,
    sse_stream,
)

CONTROL = "\x1b]52;c;cHduZWQ=\x07\x1b[31m\x1b[2J\x9b31m"


def answer(request):
    if request.json.get("stream"):
        return sse_stream(chat_chunk({"role": "assistant", "content": "hello " + CONTROL}), chat_chunk(finish="stop"))
    return reply(completion("hello " + CONTROL))


gateway = Gateway(
    provider("up", Upstream(answer, models=["m", "evil" + CONTROL]), models=["m", "evil*"]),
    provider("bad", Upstream(lambda request: error_reply(400, "no " + CONTROL)), models=["bad"]),
)


def run_on_terminal(*arguments):
    """Return the output of a command on a terminal."""
    process, descriptor = pty.fork()
    if process == 0:
        os.execve(HOOSH, [HOOSH, *arguments], environment(TERM="xterm"))
    output, end = b"", time.monotonic() + 10
    while time.monotonic() < end:
        if select.select([descriptor], [], [], 0.5)[0]:
            try:
                more = os.read(descriptor, 65536)
            except OSError:
                break
            if not more:
                break
            output += more
    os.waitpid(process, 0)
    return output


server = ("--server", "http://127.0.0.1:%d" % gateway.port)
for label, arguments in (
    ("the model list", ("models", *server)),
    ("a response", ("infer", *server, "-m", "m", "hi")),
    ("a stream", ("infer", *server, "-m", "m", "--stream", "hi")),
    ("an error", ("infer", *server, "-m", "bad", "hi")),
):
    output = run_on_terminal(*arguments)
    check(len(output) > 3, label + ": the command prints output", output)
    check(
        b"\x1b]" not in output and b"\x1b[2J" not in output and b"\x1b[31m" not in output,
        label + ": no escape sequences",
        output,
    )
    check(b"\x9b" not in output and b"\x07" not in output, label + ": no other control characters", output)
done()

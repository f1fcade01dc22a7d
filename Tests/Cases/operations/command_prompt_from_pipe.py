"""A user pipes a prompt into `hoosh infer`, with `-` as the prompt, as for other commands, or without a prompt. hoosh
sends the piped prompt or rejects the command line; it never sends `-` as the prompt."""

from kit import Gateway, Upstream, check, command, done, provider

upstream = Upstream()
gateway = Gateway(provider("up", upstream))
for label, arguments in (("with -", ["-"]), ("without a prompt", [])):
    upstream.requests.clear()
    ran = command(
        "infer", "-m", "m", *arguments, "--server", "http://127.0.0.1:%d" % gateway.port, input=b"from a pipe"
    )
    check(
        ran.returncode == 64 or (ran.returncode == 0 and upstream.received("from a pipe")),
        label,
        "exit %s, sent %s" % (ran.returncode, [body["messages"] for body in upstream.bodies]),
    )
done()

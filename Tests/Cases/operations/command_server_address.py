"""A user gives `--server` as `127.0.0.1:8088` without a scheme, with a trailing slash, or with `/v1`. Every command
accepts an address without a scheme, with a trailing slash, and with `/v1`."""

from kit import Gateway, Upstream, check, command, done, provider

gateway = Gateway(provider("up", Upstream()))
for form in (
    "127.0.0.1:%d",
    "localhost:%d",
    "http://127.0.0.1:%d",
    "http://127.0.0.1:%d/",
    "http://127.0.0.1:%d/v1",
    "http://127.0.0.1:%d/v1/",
):
    for arguments in (["models"], ["health"], ["route", "m"], ["infer", "-m", "m", "hi"], ["info"]):
        ran = command(*arguments, "--server", form % gateway.port)
        check(
            ran.returncode == 0,
            "%s --server %s" % (arguments[0], form.replace("%d", "PORT")),
            "exit %s: %s" % (ran.returncode, (ran.err or ran.out)[:160]),
        )
done()

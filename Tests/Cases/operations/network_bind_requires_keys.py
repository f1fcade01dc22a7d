"""A configuration listens on all interfaces and has no keys, by its file or by an option. hoosh refuses to start with
an error that names `[auth]`, and starts with keys or with `auth.open`."""

import subprocess

from kit import KEY, Gateway, Upstream, auth, check, done, in_namespaces, provider, server, table

in_namespaces("net")
upstream = provider("up", Upstream())
for label, tables, arguments in (
    ("server.bind", [server(bind="0.0.0.0"), upstream], []),
    ("--bind", [upstream], ["--bind", "0.0.0.0"]),
    ("--bind with IPv6", [upstream], ["--bind", "::"]),
):
    gateway = Gateway(*tables, arguments=arguments, ready=False)
    try:
        status = gateway.process.wait(3)
    except subprocess.TimeoutExpired:
        status = None
    check(status not in (0, None), label + ": the start fails", status)
    check("[auth]" in gateway.stderr_text(), label + ": the error names [auth]", gateway.stderr_text())
    gateway.stop()
for label, table_of_keys, status in (("keys", auth(KEY), 401), ("auth.open", table("[auth]", open=True), 200)):
    gateway = Gateway(server(bind="0.0.0.0"), upstream, table_of_keys)
    got = gateway.chat()
    check(got.status == status, "%s: a request without a key is a %d" % (label, status), got)
    gateway.stop()
done()

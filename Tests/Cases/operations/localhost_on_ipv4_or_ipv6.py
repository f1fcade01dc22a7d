"""A local server listens on 127.0.0.1 or on ::1 alone, and its base URL says `localhost`. The name `localhost` reaches
a server that listens on either address family."""

from kit import Gateway, Upstream, check, done, provider

for host, hosts in (("127.0.0.1", ("localhost", "127.0.0.1")), ("::1", ("localhost", "[::1]"))):
    try:
        upstream = Upstream(host=host)
    except OSError:
        print("  unavailable:", host)
        continue
    for name in hosts:
        gateway = Gateway(provider("up", "http://%s:%d/v1" % (name, upstream.port)))
        got = gateway.chat()
        check(got.status == 200, "%s, listening on %s" % (name, host), got)
        gateway.stop()
done()

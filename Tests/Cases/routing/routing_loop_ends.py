"""The URL of a provider leads back to the gateway itself, directly or through a second gateway. A request that returns
to the gateway ends after a few hops and within seconds, with an error that names the loop."""

from kit import Gateway, check, done, free_port, provider, server, table


def hops(*gateways):
    """Return the number of chat completion requests in the access logs."""
    return sum(
        "/v1/chat/completions" in line
        for gateway in gateways
        for line in gateway.stderr_text().splitlines()
        if " in=" in line
    )


def verify(label, gateway, *gateways):
    got = gateway.chat(timeout=8)
    check(
        got.status >= 400 and got.seconds < 5, label + ": an error within 5 s", "%s after %.1f s" % (got, got.seconds)
    )
    check(
        any(word in got.text for word in ("loop", "itself", "circle", "hops")),
        label + ": the error names the loop",
        got,
    )
    for each in gateways:
        each.stop()
    check(1 <= hops(*gateways) <= 8, label + ": a few hops", hops(*gateways))


limits = server(clients_max=60, upstream_total_timeout_secs=6)
retry = table("[retry]", max_retries=0)
port = free_port()
gateway = Gateway(limits, retry, provider("me", "http://127.0.0.1:%d" % port), port=port)
verify("directly", gateway, gateway)

ports = free_port(), free_port()
first = Gateway(limits, retry, provider("second", "http://127.0.0.1:%d" % ports[1]), port=ports[0])
second = Gateway(limits, retry, provider("first", "http://127.0.0.1:%d" % ports[0]), port=ports[1])
verify("through a second gateway", first, first, second)
done()

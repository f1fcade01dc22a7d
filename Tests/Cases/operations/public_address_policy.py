"""A provider with `address_policy = "public"` has an address of this machine. With the policy `public`, hoosh never
connects to an address of this machine, be it a host name or a literal address."""

from kit import Gateway, Upstream, check, done, provider, table

upstream = Upstream()
for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1"):
    for kind in ("OpenAiCompatible", "OpenAi"):
        gateway = Gateway(
            table("[retry]", max_retries=0),
            provider("up", "http://%s:%d" % (host, upstream.port), type=kind, api_key="a-key", address_policy="public"),
            ready=False,
        )
        if not gateway.wait_until_listening():  # hoosh may also reject the configuration.
            check(
                "address_policy" in gateway.stderr_text(),
                "%s, %s: rejected at the start" % (host, kind),
                gateway.stderr_text(),
            )
            continue
        got = gateway.chat()
        check(got.status == 502 and not upstream.posts, "%s, %s: no request" % (host, kind), got)
        upstream.requests.clear()
        gateway.stop()
gateway = Gateway(provider("up", upstream, address_policy="any"))
check(gateway.chat().status == 200, "address_policy = any allows it")
done()

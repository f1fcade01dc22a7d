"""The only local server is down for a while: requests fail, and health checks mark it unhealthy. Once it listens again,
requests succeed within two seconds, without a restart of the gateway."""

import time

from kit import Gateway, Upstream, check, done, free_port, provider, server, table, text_reply, wait_until

port = free_port()
upstream = Upstream(text_reply("before"), port=port)
gateway = Gateway(
    server(health_check_interval_secs=0.5),
    table("[health]", timeout_secs=0.5, unhealthy_threshold=2),
    provider("up", upstream, models=["m"]),
)
check(gateway.chat().content == "before", "a request succeeds before the restart")
upstream.close()
for _ in range(8):
    got = gateway.chat()
    check(got.status >= 500 and got.seconds < 3, "a request fails while the server is down", got)
    time.sleep(0.3)
upstream = Upstream(text_reply("after"), port=port)
start = time.monotonic()
check(wait_until(lambda: gateway.chat().content == "after", 10, 0.1), "requests succeed again", gateway.chat())
check(time.monotonic() - start < 2, "they succeed within 2 s", "%.1f s" % (time.monotonic() - start))
done()

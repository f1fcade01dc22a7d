"""An operator watches standard error: the configuration reloads, a provider becomes unhealthy, the gateway stops. A
successful reload, an unhealthy provider, and a requested stop each write a line to standard error."""

import signal
import time

from kit import Gateway, Upstream, check, done, provider, server, table, wait_until

upstream = Upstream()
gateway = Gateway(
    server(health_check_interval_secs=0.3),
    table("[health]", timeout_secs=0.3, unhealthy_threshold=2),
    table("[access_log]", format="off"),
    provider("attic", upstream),
)
length = 0


def new_output():
    """Return the output since the last call."""
    global length
    text = gateway.stderr_text()[length:]
    length += len(text)
    return text.strip()


new_output()
gateway.signal(signal.SIGHUP)
time.sleep(0.7)
text = new_output()
check("configuration" in text or "reload" in text or gateway.path in text, "a successful reload", repr(text))
upstream.close()
check(
    wait_until(lambda: gateway.get("/v1/health/providers").json[0]["status"] == "unhealthy", 5),
    "the provider is unhealthy",
)
time.sleep(0.2)
text = new_output()
check("attic" in text, "an unhealthy provider", repr(text))
gateway.signal(signal.SIGTERM)
gateway.process.wait(10)
text = new_output()
check(text, "a requested stop", repr(text))
done()

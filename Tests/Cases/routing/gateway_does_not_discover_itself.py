"""A gateway without a configuration listens on a port where it looks for local servers, and performs a hot restart
after SIGUSR2. Discovery finds no provider at the gateway's own port, neither at the start nor after the hot
restart."""

import signal
import time

from kit import Gateway, check, done, in_namespaces, wait_until

in_namespaces("net", "pid")
gateway = Gateway(file=None, port=8080)
time.sleep(0.5)


def found():
    return [state["base_url"] for state in gateway.get("/v1/health/providers").json if ":8080" in state["base_url"]]


check(not found(), "at the start", found())
gateway.signal(signal.SIGUSR2)
check(wait_until(lambda: gateway.process.poll() is not None, 10), "the old process exits")
check(wait_until(gateway.is_listening, 5), "the new process listens")
time.sleep(0.5)
check(not found(), "after the restart", found())
got = gateway.chat("unknown-model", timeout=10)
check(got.status == 404, "an unknown model is a 404", got)
done()

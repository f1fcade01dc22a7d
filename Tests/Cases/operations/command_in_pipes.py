"""Commands run in pipes, under other locales, and with a proxy in the environment. A closed pipe causes no error
message, prompts arrive unchanged, and local addresses bypass the proxy."""

import subprocess

from kit import HOOSH, Gateway, Upstream, check, command, done, environment, provider

upstream = Upstream(models=["m%d" % n for n in range(3000)])
gateway = Gateway(provider("up", upstream))
address = "http://127.0.0.1:%d" % gateway.port

ran = subprocess.run(
    ["bash", "-c", '"$0" models --server "$1" | head -1', HOOSH, address],
    stdin=subprocess.DEVNULL,
    capture_output=True,
    timeout=20,
    env=environment(),
)
check(ran.stdout == b"m0\n" and not ran.stderr, "a reader that closes the pipe", (ran.stdout, ran.stderr))
for locale in ({"LC_ALL": "C"}, {"LC_ALL": "xx_YY.ISO-8859-15", "LANG": "broken"}):
    ran = command("infer", "-m", "m0", "grüße 🦙", "--server", address, env=environment(**locale))
    check(ran.returncode == 0 and upstream.received("grüße 🦙"), "locale %s" % locale["LC_ALL"], ran.err)
    upstream.requests.clear()
ran = command("infer", "-m", "m0", b"bad \xff byte", "--server", address)
check(ran.returncode in (0, 64), "an argument with invalid UTF-8", "exit %s: %s" % (ran.returncode, ran.err))
proxies = {name: "http://127.0.0.1:9" for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")}
ran = command("health", "--server", address, env=environment(**proxies))
check(ran.returncode == 0, "a proxy in the environment", ran.err)
done()

"""HOOSH_KEY is set and empty, as compose files set it, or ends in a newline, like mounted secrets. An empty HOOSH_KEY
counts as unset, and a newline after the key is removed, or the error names the variable."""

from kit import Gateway, Upstream, auth, check, command, done, environment, provider

gateway = Gateway(provider("up", Upstream()))
address = ["--server", "http://127.0.0.1:%d" % gateway.port]
for name in ("models", "health"):
    ran = command(name, *address, env=environment(HOOSH_KEY=""))
    check(ran.returncode == 0, name + " with an empty HOOSH_KEY", "exit %s: %s" % (ran.returncode, ran.err))
gateway.stop()
gateway = Gateway(provider("up", Upstream()), auth("a-token-of-sixteen-chars"))
ran = command(
    "models", "--server", "http://127.0.0.1:%d" % gateway.port, env=environment(HOOSH_KEY="a-token-of-sixteen-chars\n")
)
check(ran.returncode == 0 or "HOOSH_KEY" in ran.err, "models with a newline", "exit %s: %s" % (ran.returncode, ran.err))
done()

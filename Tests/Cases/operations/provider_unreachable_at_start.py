"""The gateway starts with two providers, and nothing listens at the base URL of one of them. Soon after the start,
standard error and the provider health report the unreachable provider."""

from kit import Gateway, Upstream, check, done, free_port, provider, server, table, wait_until

gateway = Gateway(
    server(health_check_interval_secs=30),
    table("[access_log]", format="off"),
    provider("desk", Upstream()),
    provider("attic", "http://127.0.0.1:%d" % free_port(), type="Ollama"),
)


def health(name):
    return {status["provider"]: status["status"] for status in gateway.get("/v1/health/providers").json}[name]


def warnings():
    """Return the lines that report a problem of the provider."""
    return [
        line
        for line in gateway.stderr_text().splitlines()
        if "attic" in line and any(word in line for word in ("answer", "down", "unreachable", "not there", "unhealthy"))
    ]


check(
    wait_until(lambda: health("attic") != "healthy", 5, 0.2), "the health of the unreachable provider", health("attic")
)
check(wait_until(warnings, 3), "standard error", gateway.stderr_text())
check(wait_until(lambda: health("desk") == "healthy", 5), "the health of the other provider", health("desk"))
done()

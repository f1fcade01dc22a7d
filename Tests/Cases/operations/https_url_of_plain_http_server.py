"""A provider's base URL begins with `https://`, but the server speaks plain HTTP. The error for a plain HTTP server
says that it speaks plain HTTP, and does not blame its certificate."""

from kit import Gateway, Upstream, check, done, provider, table

upstream = Upstream()
gateway = Gateway(table("[retry]", max_retries=0), provider("lab", "https://127.0.0.1:%d" % upstream.port))
got = gateway.chat()
check(got.status == 502, "a 502", got)
message = got.text.lower()
check(
    "http://" in message or "plain" in message or "does not speak tls" in message or "no tls" in message,
    "the error names plain HTTP",
    got,
)
done()

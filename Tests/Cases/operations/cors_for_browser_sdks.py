"""An extension or desktop shell with an allowed origin uses an SDK in its page, which adds header fields. An allowed
origin is accepted, and the preflight response allows the header fields of SDKs."""

from kit import Gateway, Upstream, check, done, provider, server

ORIGINS = [
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "moz-extension://1b2c3d4e-0000-4000-8000-123456789abc",
    "app://obsidian.md",
    "capacitor://localhost",
    "tauri://localhost",
    "http://localhost:3000",
    "https://chat.example",
    "https://chat.example:8443",
    "vscode-webview://1abc",
]
HEADERS = ["authorization", "content-type", "x-stainless-os", "x-stainless-lang", "x-stainless-retry-count"]
gateway = Gateway(server(allowed_origins=ORIGINS), provider("up", Upstream()))
for origin in ORIGINS:
    got = gateway.request(
        "OPTIONS",
        "/v1/chat/completions",
        headers={
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": ",".join(HEADERS),
        },
    )
    check(got.headers.get("access-control-allow-origin") in (origin, "*"), origin + " passes the preflight", got)
    allowed = got.headers.get("access-control-allow-headers", "").lower().replace(" ", "").split(",")
    check(allowed == ["*"] or set(HEADERS) <= set(allowed), origin + ": so do the header fields of the SDK", allowed)
    check(gateway.chat(headers={"origin": origin}).status == 200, origin + " is answered")
check(gateway.chat(headers={"origin": "https://elsewhere.example"}).status == 403, "another origin is rejected")
done()

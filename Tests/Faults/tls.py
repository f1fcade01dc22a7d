"""U6: providers with an untrusted certificate or an outdated TLS version, and providers behind a proxy."""

import asyncio
import os
import socket
import ssl
import subprocess

from kit.checks import expect, expect_error, expect_good
from kit.gateway import provider
from kit.names import in_mounts
from kit.table import Skip, fault
from kit.upstream import good
from kit.world import need_program

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def openssl(folder, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise Skip(f"needs a suitable openssl: {done.stderr.strip()[-200:]}")


def certificates(folder):
    """Create an authority and certificates: good, expired, for another host, and self-signed."""
    if os.path.exists(f"{folder}/good.pem"):
        return
    openssl(
        folder,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "30",
        "-subj",
        "/CN=Faults",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
    )
    for name, host, days in (
        ("good", "IP:127.0.0.1", 30),
        ("expired", "IP:127.0.0.1", -1),
        ("host", "DNS:elsewhere.test", 30),
    ):
        with open(f"{folder}/{name}.ext", "w") as file:
            file.write(f"subjectAltName={host}\n")
        openssl(
            folder,
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            f"/CN={name}",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.csr",
        )
        openssl(
            folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem",
        )  # fmt: skip
    openssl(
        folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=self",
        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "self.key", "-out", "self.pem",
    )  # fmt: skip


async def serve(w, folder, name, certificate, *options):
    """Run a TLS server in front of the scripted upstream's `good` port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # s_server writes decrypted data to its output and sends its input to the peer. A relay uses both.
    process = await w.process(
        "openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", "-cert", f"{certificate}.pem", "-key",
        f"{certificate}.key", *options, cwd=folder, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    seen = {"plain": b""}

    async def play():
        while data := await process.stdout.read(65536):
            seen["plain"] += data
            if b'"messages"' in seen["plain"] and not seen.get("answered"):
                seen["answered"] = True
                process.stdin.write(good(b'"stream": true' in seen["plain"] or b'"stream":true' in seen["plain"]))
                await process.stdin.drain()

    w.spawn(play())
    for _ in range(100):
        if process.returncode is not None:
            raise Skip(f"needs an openssl that supports {' '.join(options)}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        await asyncio.sleep(0.02)
    w.upstream.ports[name] = port
    return seen


ROWS = [
    ("expired", "a certificate that is over", "expired", ()),
    ("host", "a certificate of another host", "host", ()),
    ("self", "a self-signed certificate", "self", ()),
    ("tls11", "TLS 1.1", "good", ("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")),
    ("tls10", "TLS 1.0", "good", ("-tls1", "-cipher", "DEFAULT@SECLEVEL=0")),
]


def row(name, title, certificate, options):
    @fault(f"U6-{name}", f"{title}: 502, and nothing is sent", quick=name in ("expired", "self"))
    async def refused(w, v):
        seen, response, following = await asked(w, v, certificate, options)
        expect_error(response, 502, "upstream_unreachable")
        expect(not seen["plain"], "the request was sent anyway")
        expect_good(following)


def authority(w):
    """Return the folder of the certificates, and the wrapper of a gateway that trusts only their authority."""
    need_program("openssl")
    if not os.path.exists(BUNDLE):
        raise Skip(f"needs {BUNDLE}")
    folder = os.path.join(w.folder, "certificates")
    os.makedirs(folder, exist_ok=True)
    certificates(folder)
    return folder, in_mounts(f"mount --bind {folder}/ca.pem {BUNDLE}")


async def asked(w, v, certificate, options, **more):
    folder, wrap = authority(w)
    seen = await serve(w, folder, "tls", certificate, *options)
    secure = provider("secure", f"https://127.0.0.1:{w.upstream.ports['tls']}/v1", **more)
    async with w.own({"upstream_connect_timeout_secs": 3}, providers=[secure, *w.providers()], wrap=wrap) as gateway:
        response = await gateway.ask("secure-1", v == "stream")
        following = await gateway.ask("over-secure-1", v == "stream") if response.status != 200 else None
    return seen, response, following


for each in ROWS:
    row(*each)


@fault("U6-good", "the same with a valid certificate: a response, which shows that the rows above test something", quick=True)
async def trusted(w, v):
    _, response, _ = await asked(w, v, "good", ())
    expect_good(response)


@fault("U6-plain", "a provider without TLS where TLS is required: 502, no plain request")
async def no_tls(w, v):
    secure = provider("secure", f"https://127.0.0.1:{w.upstream.ports['evil']}/v1")
    w.upstream.script("secure-1")
    async with w.own(providers=[secure, *w.providers()]) as gateway:
        response = await gateway.ask("secure-1", v == "stream")
        expect(response.status in (502, 504), f"status {response.status}")
        expect_error(response, response.status, ("upstream_unreachable", "upstream_timeout"))
        expect(not w.upstream.calls["secure-1"], "it received a request without TLS")


async def pipe(reader, writer):
    """Pass on what arrives until the end."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def proxied(w, v, scheme, certificate="good"):
    """Ask the provider through a proxy that opens tunnels. Return the response and the heads that the proxy received."""
    folder, _ = authority(w)
    heads = []

    async def tunnel(reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return writer.close()
        heads.append(head.decode())
        host, port = head.split()[1].decode().rsplit(":", 1)
        there = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\nx-proxy: yes\r\n\r\n")
        await asyncio.gather(pipe(reader, there[1]), pipe(there[0], writer))

    context = None
    if scheme == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/{certificate}.pem", f"{folder}/{certificate}.key")
    server = await asyncio.start_server(tunnel, "127.0.0.1", 0, ssl=context)
    try:
        url = f"{scheme}://user:password@127.0.0.1:{server.sockets[0].getsockname()[1]}"
        seen, response, _ = await asked(w, v, "good", (), proxy=url, api_key="the-key-of-the-provider")
    finally:
        server.close()
    return response, heads, seen


for scheme in ("http", "https"):

    def proxy_row(scheme=scheme):
        @fault(
            f"U6-proxy-{scheme}",
            f"a tunnel of an {scheme} proxy: a response, and the proxy learns the address alone",
            quick=True,
        )
        async def tunneled(w, v):
            response, heads, seen = await proxied(w, v, scheme)
            expect_good(response)
            expect(len(heads) == 1 and heads[0].startswith("CONNECT 127.0.0.1:"), f"{heads}")
            expect("the-key" not in heads[0] and "messages" not in heads[0], "the proxy received the request")
            expect("Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==" in heads[0], f"{heads}")
            expect(b"the-key-of-the-provider" in seen["plain"], "the provider did not receive its key")
            expect(b"roxy-" not in seen["plain"], "the provider received what is for the proxy")

    proxy_row()


@fault("U6-proxy-host", "a proxy with a certificate of another host: 502, and nothing is sent")
async def wrong_proxy(w, v):
    response, heads, seen = await proxied(w, v, "https", "host")
    expect_error(response, 502, "upstream_unreachable")
    expect(not heads and not seen["plain"], "the proxy was used anyway")

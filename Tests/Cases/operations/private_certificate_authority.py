"""A company has a certificate authority of its own, and SSL_CERT_FILE or SSL_CERT_DIR names it, as for OpenSSL. A
provider with a certificate of a private authority is trusted with either variable, and not without."""

import os
import ssl
import subprocess

from kit import Gateway, Upstream, check, done, environment, provider, require_programs, table, temp_folder, write_file

require_programs("openssl")
home = temp_folder()


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, cwd=home, capture_output=True, stdin=subprocess.DEVNULL)


openssl(
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-subj",
    "/CN=Test CA",
    "-addext",
    "basicConstraints=critical,CA:TRUE",
)
openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=localhost")
write_file(home + "/names", "subjectAltName=DNS:localhost,IP:127.0.0.1")
openssl(
    "x509",
    "-req",
    "-in",
    "own.csr",
    "-CA",
    "ca.pem",
    "-CAkey",
    "ca.key",
    "-CAcreateserial",
    "-days",
    "2",
    "-extfile",
    "names",
    "-out",
    "own.pem",
)
os.mkdir(home + "/certificates")
write_file(home + "/certificates/ca.pem", open(home + "/ca.pem").read())
openssl("rehash", home + "/certificates")
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(home + "/own.pem", home + "/own.key")
upstream = Upstream(tls=tls)
for label, variables, status in (
    ("neither variable", {}, 502),
    ("SSL_CERT_FILE", {"SSL_CERT_FILE": home + "/ca.pem"}, 200),
    ("SSL_CERT_DIR", {"SSL_CERT_DIR": home + "/certificates"}, 200),
):
    gateway = Gateway(
        table("[retry]", max_retries=0),
        provider("up", "https://localhost:%d/v1" % upstream.port),
        env=environment(**variables),
    )
    got = gateway.chat()
    check(got.status == status, label, got)
    gateway.stop()
done()

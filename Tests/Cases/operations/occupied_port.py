"""The gateway starts while another process listens on its port. It exits soon with an error that names the port, and
the other process stays undisturbed."""

import socket
import subprocess

from kit import Gateway, Upstream, check, done, provider

with socket.create_server(("127.0.0.1", 0)) as other:
    port = other.getsockname()[1]
    gateway = Gateway(provider("up", Upstream()), port=port, ready=False)
    try:
        status = gateway.process.wait(5)
    except subprocess.TimeoutExpired:
        status = None
    check(status not in (0, None), "the gateway exits with an error", status)
    check(str(port) in gateway.stderr_text(), "the error names the port", gateway.stderr_text())
    with socket.create_connection(("127.0.0.1", port), 2):
        check(other.accept()[0], "the other process accepts connections")
done()

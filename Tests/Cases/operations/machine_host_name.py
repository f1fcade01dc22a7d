"""The gateway listens on all interfaces, with keys, and clients use the host name of the machine. hoosh accepts the
machine's own host name as `Host` without configuration, and rejects other names."""

import socket

from kit import BEARER, KEY, Gateway, Upstream, auth, check, done, in_namespaces, provider

in_namespaces("net", "uts")
socket.sethostname("workstation-7")
gateway = Gateway(provider("up", Upstream()), auth(KEY), arguments=["--bind", "0.0.0.0"])
for host in ("workstation-7", "workstation-7:%d" % gateway.port, "WORKSTATION-7"):
    got = gateway.get("/v1/models", {**BEARER, "host": host})
    check(got.status == 200, host.replace(str(gateway.port), "PORT"), got)
got = gateway.get("/v1/models", {**BEARER, "host": "elsewhere.example"})
check(got.status == 421, "a foreign host name", got)
check(gateway.get("/v1/models", {"host": "workstation-7"}).status in (401, 421), "a request without a key is rejected")
done()

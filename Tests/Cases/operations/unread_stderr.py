"""Standard error is a pipe or a terminal that no process reads at the moment, and it is full. Requests, reloads, and
the stop proceed as if standard error were read."""

import os
import signal
import subprocess

from kit import Gateway, Upstream, check, done, provider, table

read_end, write_end = os.pipe()
tables = provider("up", Upstream()), table("[access_log]", format="text")
gateway = Gateway(*tables, stderr=write_end)
os.close(write_end)
for _ in range(450):  # More access log lines than fit into the pipe.
    gateway.get("/v1/status")
check(gateway.chat().status == 200, "requests are answered")
gateway.configure(b"[server\n")
check(gateway.reload().status == 400, "a reload of an invalid file is answered")
gateway.configure(*tables)
check(gateway.reload().status == 200, "a reload of a valid file is answered")
check(gateway.chat().status == 200, "requests are still answered")
gateway.signal(signal.SIGTERM)
try:
    gateway.process.wait(8)
    check(True, "SIGTERM ends it")
except subprocess.TimeoutExpired:
    check(False, "SIGTERM ends it")
done()

"""The gateway is started with closed standard descriptors, as by some supervisors, and writes its access log to
standard error. No client connection gets a descriptor from 0 to 2, and clients receive only their own responses."""

import os
import socket
import subprocess
import time

from kit import (
    HOOSH,
    Client,
    Upstream,
    at_exit,
    check,
    done,
    environment,
    free_port,
    provider,
    server,
    stop,
    temp_folder,
    wait_until,
    write_file,
)

upstream = Upstream()
for closed in ("2>&-", "0<&- 1>&- 2>&-"):
    home, port = temp_folder(), free_port()
    write_file(home + "/hoosh.toml", server() + provider("up", upstream) + '[access_log]\nformat = "text"\n')
    process = subprocess.Popen(
        ["bash", "-c", 'exec "$0" serve -c hoosh.toml -p "$1" ' + closed, HOOSH, str(port)],
        cwd=home,
        env=environment(HOME=home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    at_exit(stop, process)
    gateway = Client(port)
    check(wait_until(gateway.is_listening), closed + ": the gateway listens")
    targets = {
        number: os.readlink("/proc/%d/fd/%d" % (process.pid, number))
        for number in (0, 1, 2)
        if os.path.exists("/proc/%d/fd/%d" % (process.pid, number))
    }
    check(targets.get(2, "/dev/null") == "/dev/null", closed + ": descriptor 2 is unused", targets)
    responses = [gateway.chat(stream=True) for _ in range(6)]
    check(
        all(got.status == 200 and b"completed" not in got.body for got in responses),
        closed + ": responses contain no log lines",
        responses,
    )
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
    gateway.chat()
    time.sleep(0.3)
    received = b""
    for connection in idle:
        connection.setblocking(False)
        try:
            received += connection.recv(4096)
        except BlockingIOError:
            pass
        connection.close()
    check(not received, closed + ": idle clients receive nothing", received)
    check(process.poll() is None, closed + ": the gateway runs")
    stop(process)
done()

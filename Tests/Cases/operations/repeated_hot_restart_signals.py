"""SIGUSR2 arrives twice, because an impatient script sent it again. Running streams complete, one gateway remains on
the socket, and successors that fail leave no zombie processes."""

import glob
import os
import signal
import threading
import time

from kit import HOOSH, Gateway, Upstream, at_exit, check, done, provider, server, slow_stream, wait_until


def gateways(port):
    """Return the gateway processes with that port."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if words[0] == HOOSH.encode() and str(port).encode() in words:
            found.append(int(path.split("/")[2]))
    return found


def kill_all(port):
    for process in gateways(port):
        os.kill(process, signal.SIGKILL)


def zombies(parent):
    """Return the number of zombie children of a process."""
    count = 0
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                columns = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        count += columns[0] == "Z" and int(columns[1]) == parent
    return count


upstream = Upstream(lambda request: slow_stream(["w%d " % number for number in range(30)], 0.1))
for times in (2, 5):
    gateway = Gateway(server(drain_timeout_secs=20), provider("up", upstream))
    at_exit(kill_all, gateway.port)
    responses = []
    caller = threading.Thread(target=lambda: responses.append(gateway.chat(stream=True, timeout=20)))
    caller.start()
    time.sleep(0.4)
    for _ in range(times):
        gateway.signal(signal.SIGUSR2)
        time.sleep(0.01)
    caller.join()
    check(
        responses[0].content.count("w") == 30 and not responses[0].error,
        "%d signals: the stream is complete" % times,
        responses[0],
    )
    wait_until(lambda: gateway.process.poll() is not None, 5)
    time.sleep(0.5)
    check(len(gateways(gateway.port)) == 1, "%d signals: one gateway remains" % times, gateways(gateway.port))
    check(gateway.get("/healthz").status == 200, "%d signals: the gateway serves" % times)
    kill_all(gateway.port)

gateway = Gateway(server(), provider("up", upstream))
gateway.configure(b"[broken")
for _ in range(5):
    gateway.signal(signal.SIGUSR2)
    time.sleep(0.2)
time.sleep(1)
check(gateway.get("/healthz").status == 200, "the gateway serves after its successors failed")
check(zombies(gateway.process.pid) == 0, "failed successors leave no zombie processes", zombies(gateway.process.pid))
done()

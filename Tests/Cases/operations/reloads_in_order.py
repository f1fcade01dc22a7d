"""The configuration changes quickly, and callers and SIGHUP request a reload for each version, while the file is
watched too. The last version is in effect when the last reload has been answered, and it stays in effect."""

import signal
import threading
import time

from kit import Gateway, check, done, server, table

gateway = Gateway(server(), table("[[providers]]", type="Demo", models=["first"]))
padding = "".join(table("[[models]]", name="model-%d" % number, context_tokens=1000) for number in range(1500))


def version(name, is_large):
    """Write a version of the configuration as an editor does; large ones take longer to read."""
    gateway.configure(server(), table("[[providers]]", type="Demo", models=[name]), padding if is_large else "")


for number in range(8):
    statuses = []
    threads = []
    for step in range(6):
        version("version-%d-%d" % (number, step), step % 2 == 0)
        for _ in range(4):
            threads.append(threading.Thread(target=lambda: statuses.append(gateway.reload().status)))
            threads[-1].start()
        gateway.signal(signal.SIGHUP)
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    # A reload that was requested after the last version was written has seen it.
    check(gateway.reload().status == 200, "round %d: the reload succeeds" % number)
    name = "version-%d-5" % number
    check(name in gateway.models(), "round %d: the last version is in effect" % number, gateway.models())
    check(set(statuses) <= {200, 400, 503}, "round %d: each reload is answered" % number, statuses)
    for _ in range(5):
        time.sleep(0.1)
        check(name in gateway.models(), "round %d: it stays in effect" % number, gateway.models())
done()

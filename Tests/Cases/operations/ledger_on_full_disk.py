"""The disk of the ledger is full for a while, and then has free space again. Meanwhile no call is made, everything else is
served, and the operator is told. Afterwards calls go on without a restart, and every call has its row."""

import os
import sqlite3
import subprocess
import time

from kit import (
    Gateway,
    Upstream,
    check,
    done,
    in_namespaces,
    provider,
    require_programs,
    skip,
    table,
    temp_folder,
    wait_until,
)

in_namespaces("mount")
require_programs("mount")
disk = temp_folder()
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], capture_output=True).returncode:
    skip("needs to mount a tmpfs")
upstream = Upstream()
gateway = Gateway(provider("up", upstream), table("[ledger]", path=disk + "/ledger.db"))
check(gateway.chat().status == 200, "a call is made while there is space")
time.sleep(0.5)
with open(disk + "/others", "wb", buffering=0) as filler:
    try:
        while filler.write(bytes(4096)):
            pass
    except OSError:
        pass
check(wait_until(lambda: gateway.chat().status == 503, 10), "calls are rejected while the disk is full")
rejected = gateway.chat()
check("ledger_unavailable" in rejected.text, "the error says why", rejected.text)
check(gateway.get("/healthz").status == 200, "the gateway is alive")
check(gateway.get("/readyz").status == 503, "the gateway is not ready")
check('"error":"the disk is full"' in gateway.get("/v1/status").text, "the status has the reason")
check("the disk is full; calls are rejected" in gateway.stderr_text(), "the operator is told", gateway.stderr_text())
os.remove(disk + "/others")
check(wait_until(lambda: gateway.chat().status == 200, 10), "calls go on once there is space")
check(gateway.get("/readyz").status == 200, "the gateway is ready")
gateway.stop()
database = sqlite3.connect("file:%s/ledger.db?mode=ro" % disk, uri=True)
outcomes = dict(database.execute("SELECT outcome, COUNT(*) FROM request_log GROUP BY 1"))
check(outcomes.get("completed", 0) >= 2 and outcomes.get("rejected", 0) >= 2, "every call has its row", outcomes)
check(database.execute("SELECT COUNT(*) FROM open").fetchone() == (0,), "no call is open")
database.close()
subprocess.run(["umount", "-l", disk], capture_output=True)
done()

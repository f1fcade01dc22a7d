"""The disk of the access log is full for a while, and then has free space again. Entries that are written once the disk
has free space are complete lines, and none follows the rest of a truncated one."""

import json
import os
import subprocess
import time

from kit import Gateway, Upstream, check, done, in_namespaces, provider, require_programs, skip, table, temp_folder

in_namespaces("mount")
require_programs("mount")
disk = temp_folder()
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True).returncode:
    skip("needs to mount a tmpfs")
with open(disk + "/others", "wb", buffering=0) as filler:
    try:
        while filler.write(bytes(4096)):
            pass
    except OSError:
        filler.truncate(os.path.getsize(disk + "/others") - 8192)  # Space for about 30 entries.
log = disk + "/access_log.json"
gateway = Gateway(provider("up", Upstream()), table("[access_log]", format="json", path=log))
statuses = [gateway.chat().status for _ in range(40)]
check(statuses == [200] * 40, "requests are answered while the disk is full", statuses)
time.sleep(0.3)
check(os.path.getsize(log) <= 8192, "the disk was full", os.path.getsize(log))
os.remove(disk + "/others")
ids = [gateway.chat(headers={"x-request-id": "after-%d" % n}).headers["x-request-id"] for n in range(3)]
time.sleep(0.3)
entries = []
with open(log) as file:
    for line in file:
        try:
            entries.append(json.loads(line)["id"])
        except ValueError:
            pass
complete = [id for id in entries if id in ids]
check(complete == ids, "the three entries after it are complete lines", "%s of %s" % (complete, ids))
gateway.stop()
subprocess.run(["umount", "-l", disk], capture_output=True)
done()

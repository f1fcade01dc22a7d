"""The access log is a file that log rotation renames once a day before it sends SIGHUP. After a rename and SIGHUP,
entries go to a new file under the configured name."""

import os
import signal
import time

from kit import Gateway, Upstream, check, done, provider, table, temp_folder, wait_until

path = temp_folder() + "/access_log.json"
gateway = Gateway(provider("up", Upstream()), table("[access_log]", format="json", path=path))
gateway.chat()
check(wait_until(lambda: os.path.exists(path) and os.path.getsize(path)), "an entry is written")
os.rename(path, path + ".1")
gateway.signal(signal.SIGHUP)
time.sleep(1)
gateway.chat()
check(
    wait_until(lambda: os.path.exists(path) and os.path.getsize(path), 2),
    "the next entry goes to a new file",
    "%d entries in the old file" % sum(1 for _ in open(path + ".1")),
)
done()

"""`access_log.path` is a named pipe whose reader, a log shipper, is not running yet. With a pipe without a reader, the
gateway serves or ends with a reason, and responds to SIGTERM."""

import os
import subprocess

from kit import Gateway, Upstream, check, done, provider, table, temp_folder

home = temp_folder()
os.mkfifo(home + "/access_log.pipe")
gateway = Gateway(
    provider("up", Upstream()), table("[access_log]", format="json", path=home + "/access_log.pipe"), ready=False
)
is_serving = gateway.wait_until_listening(4)
check(
    is_serving or (gateway.process.poll() is not None and gateway.stderr_text()),
    "the gateway serves, or ends with a reason",
    "exit %s, standard error %r" % (gateway.process.poll(), gateway.stderr_text()),
)
if is_serving:
    check(gateway.chat().status == 200, "requests are answered")
gateway.process.terminate()
try:
    gateway.process.wait(5)
    check(True, "SIGTERM ends it")
except subprocess.TimeoutExpired:
    check(False, "SIGTERM ends it")
done()

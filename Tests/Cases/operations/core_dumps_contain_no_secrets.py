"""The gateway dies from a signal while core dumps are enabled. No core dump contains a provider's API key or a caller's
prompt."""

import glob
import os
import resource
import signal
import time

from kit import Gateway, Upstream, check, done, environment, provider, skip, temp_folder

with open("/proc/sys/kernel/core_pattern") as file:
    if file.read()[:1] in ("|", "/"):
        skip("this system writes core dumps elsewhere")
KEY, PROMPT = "CANARY-key-of-a-provider-0123", "CANARY-prompt-of-a-caller"
home = temp_folder()
unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
gateway = Gateway(
    provider("up", Upstream(), api_key="$PROVIDER_KEY"),
    home=home,
    env=environment(HOME=home, PROVIDER_KEY=KEY, SWIFT_BACKTRACE="enable=no"),
    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, unlimited),
)
check(gateway.chat(text=PROMPT).status == 200, "a request is answered")
gateway.signal(signal.SIGSEGV)
gateway.process.wait(10)
time.sleep(0.5)
found = glob.glob(os.path.join(home, "core*"))
for path in found:
    with open(path, "rb") as file:
        data = file.read()
    check(KEY.encode() not in data, "no API key in the core dump", data.count(KEY.encode()))
    check(PROMPT.encode() not in data, "no prompt in the core dump", data.count(PROMPT.encode()))
check(not found, "no core dump exists", found)
done()

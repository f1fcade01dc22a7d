"""The gateway runs as in containers: as process 1, without /sys, without a home, as an unprivileged user, with few
descriptors, without DNS. The gateway serves in a container, reports the hardware, leaves no zombie processes, and
ends at SIGTERM."""

import os
import resource
import shutil
import signal
import subprocess

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
    require_programs,
    server,
    skip,
    temp_folder,
    wait_until,
    write_file,
)

if os.geteuid() != 0:
    skip("needs root")
require_programs("unshare", "mount")
if subprocess.run(["unshare", "--pid", "--mount", "--fork", "--mount-proc", "true"], capture_output=True).returncode:
    skip("needs unshare")
upstream = Upstream()
program = shutil.copy(HOOSH, temp_folder() + "/hoosh")
os.chmod(os.path.dirname(program), 0o755)


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def state(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


def serve_in(label, prefix=(), setup="", env=None, **popen):
    home, port = temp_folder(), free_port()
    os.chmod(home, 0o755)
    config = write_file(home + "/hoosh.toml", server() + provider("up", upstream))
    with open(home + "/stderr.txt", "wb") as log:
        process = subprocess.Popen(
            [*prefix, "bash", "-c", setup + 'exec "$0" serve -c "$1" -p "$2"', program, config, str(port)],
            cwd="/",
            env=env or environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            **popen,
        )
    at_exit(process.kill)
    gateway = Client(port)
    check(wait_until(gateway.is_listening), label + ": the gateway listens", open(home + "/stderr.txt").read()[-200:])
    served = children(process.pid)[0] if "--fork" in prefix and children(process.pid) else process.pid
    got = gateway.chat(stream=True)
    check(got.status == 200 and got.end == "complete", label + ": a stream", got)
    # Until the machine has been scanned, the status is 503.
    wait_until(lambda: gateway.get("/v1/hardware", timeout=15).status != 503, 15, 0.1)
    got = gateway.get("/v1/hardware", timeout=15)
    check(got.status == 200, label + ": the hardware", got)
    is_clean = wait_until(lambda: [child for child in children(served) if state(child) == "Z"] == [], 2)
    check(is_clean, label + ": no zombie processes")
    os.kill(served, signal.SIGTERM)
    try:
        process.wait(5)
        check(True, label + ": SIGTERM ends it")
    except subprocess.TimeoutExpired:
        check(False, label + ": SIGTERM ends it")
        os.kill(served, signal.SIGKILL)


serve_in("process 1", ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"])
serve_in("no /sys", ["unshare", "--mount"], "mount -t tmpfs none /sys; ")
serve_in("unprivileged user, no home", env={"PATH": os.environ["PATH"]}, user=65534, group=65534, extra_groups=[])
read_only = temp_folder()
serve_in(
    "read-only home",
    ["unshare", "--mount"],
    "mount -o bind %s %s; mount -o remount,ro,bind %s; " % ((read_only,) * 3),
    env=environment(HOME=read_only),
)
serve_in("128 descriptors", preexec_fn=few_descriptors)
serve_in(
    "no DNS",
    ["unshare", "--mount"],
    "".join(
        "mount --bind /dev/null %s; " % path
        for path in ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf")
        if os.path.exists(path)
    ),
)
done()

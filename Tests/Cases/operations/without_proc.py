"""The gateway runs in a jail in which /proc is not mounted. The command line takes effect without /proc: hoosh prints
the version, rejects an unknown option, and uses the file with its keys."""

import subprocess

from kit import (
    BEARER,
    HOOSH,
    KEY,
    Gateway,
    auth,
    check,
    done,
    environment,
    in_namespaces,
    require_programs,
    skip,
    table,
)

in_namespaces("mount", "net")
require_programs("mount")
PREFIX = ["unshare", "--mount", "bash", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
if subprocess.run([*PREFIX, "true"], capture_output=True).returncode:
    skip("needs to mount over /proc")


def run(*arguments):
    process = subprocess.Popen(
        [*PREFIX, HOOSH, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(),
    )
    try:
        stdout = process.communicate(timeout=4)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return "still running: " + process.communicate()[0].decode(errors="replace")[:100]
    return "exit %d: %s" % (process.returncode, stdout.decode(errors="replace").strip())


output = run("version")
check(output.startswith("exit 0: ") and output[8].isdigit(), "the version", output)
output = run("check", "/nonexistent.toml")
check(output.startswith("exit 74: "), "a missing file", output)
output = run("serve", "--no-such-option")
check(output.startswith("exit 64: "), "an unknown option", output)
gateway = Gateway(table("[[providers]]", type="Demo"), auth(KEY), file="named.toml", prefix=PREFIX, ready=False)
check(
    gateway.wait_until_listening(3), "the gateway listens on the port of the command line", gateway.stderr_text()[:100]
)
if gateway.is_listening():
    check(gateway.chat("demo").status == 401, "it requires the key of its file")
    check(gateway.chat("demo", headers=BEARER).status == 200, "it accepts the key of its file")
done()

"""`./hoosh.toml` exists but cannot be read: it belongs to another user, or links to a file that is not mounted yet. The
gateway ends with a reason if it cannot read the configuration, instead of running with open defaults."""

import os
import shutil
import time

from kit import HOOSH, Gateway, auth, check, done, table, temp_folder, write_file

unprivileged = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
program = shutil.copy(HOOSH, temp_folder() + "/hoosh")  # Where the unprivileged user can read it.
os.chmod(os.path.dirname(program), 0o755)
for kind in ("a file without read permission", "a link without a target", "a folder"):
    home = temp_folder()
    os.chmod(home, 0o755)
    path = home + "/hoosh.toml"
    if kind.startswith("a file"):
        os.chmod(
            write_file(path, auth("a-token-of-sixteen-chars") + table("[[providers]]", type="Demo")),
            0o600 if unprivileged else 0,
        )
    elif kind.startswith("a link"):
        os.symlink("/nonexistent/mounted-later.toml", path)
    else:
        os.mkdir(path)
    gateway = Gateway(file=None, home=home, ready=False, program=program, **unprivileged)
    time.sleep(1)
    code, output = gateway.process.poll(), gateway.stderr_text()
    check(
        code not in (0, None) and "hoosh.toml" in output,
        kind + ": the gateway ends with a reason",
        "exit %s: %s" % (code, output[:120]),
    )
    if code is None:
        got = gateway.chat("demo")
        check(got.status != 200, kind + ": no request is answered without a key", got)
    gateway.stop()
done()

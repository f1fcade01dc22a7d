"""The gateway's process, its configuration, and the other commands of hoosh."""

import json
import os
import random
import socket
import subprocess

from kit.client import Client
from kit.verdict import at_exit, temp_folder, wait_until, write_file

HOOSH = os.environ.get("HOOSH", "hoosh")
KEY = "an-api-key-of-the-callers"
BEARER = {"authorization": "Bearer " + KEY}


def free_port():
    """Return a port of loopback that is not in use, below the range that the kernel assigns to connections."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def table(header, /, **keys):
    """Return a TOML table."""
    return header + "\n" + "".join("%s = %s\n" % (key, json.dumps(value)) for key, value in keys.items())


def server(**keys):
    """Return a `[server]` table, without periodic health checks by default."""
    return table("[server]", **{"health_check_interval_secs": 0, **keys})


def provider(name, where, type="OpenAiCompatible", **keys):
    """Return a `[[providers]]` table for an `Upstream` or a URL, which may be local with any provider type."""
    url = where if isinstance(where, str) else where.url
    return table("[[providers]]", name=name, type=type, base_url=url, **{"address_policy": "any", **keys})


def auth(*tokens):
    """Return an `[auth]` table."""
    return table("[auth]", tokens=tokens)


def environment(**variables):
    """Return the environment of a process: no API keys, no proxies, no home."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent", **variables}


def stop(process, seconds=5):
    """Terminate a process of the case, and kill it after a timeout."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Gateway(Client):
    """A running gateway, configured by TOML tables.

    `file` is the name of its configuration; None starts it without one. `prefix` precedes the command line.
    """

    def __init__(
        self,
        *tables,
        arguments=(),
        env=None,
        file="hoosh.toml",
        home=None,
        port=None,
        prefix=(),
        program=None,
        ready=True,
        stderr=None,
        **popen,
    ):
        super().__init__(port or free_port())
        self.home = home or temp_folder()
        self.path = os.path.join(self.home, file) if file else None
        if tables:
            self.configure(*tables)
        self.log = os.path.join(self.home, "stderr.txt")
        command = [*prefix, program or HOOSH, "serve", "--port", str(self.port), *arguments]
        if self.path:
            command += ["--config", self.path]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=popen.pop("cwd", self.home),
                env=env or environment(HOME=self.home),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log if stderr is None else stderr,
                **popen,
            )
        at_exit(stop, self.process)
        if ready and not self.wait_until_listening():
            print(self.stderr_text(), flush=True)
            raise RuntimeError("the gateway did not start (exit %s)" % self.process.poll())

    def configure(self, *tables):
        """Write the configuration."""
        if len(tables) == 1 and isinstance(tables[0], bytes):
            return write_file(self.path, tables[0])
        if not any(text.startswith("[server]") for text in tables):
            tables = (server(), *tables)
        return write_file(self.path, "\n".join(tables))

    def reload(self, headers=None):
        """Request a reload of the configuration, and return the response."""
        return self.post("/v1/admin/reload", b"", headers)

    def wait_until_listening(self, seconds=5):
        """Wait until the gateway listens, and return whether it does."""
        wait_until(lambda: self.is_listening() or self.process.poll() is not None, seconds, 0.03)
        return self.is_listening() and self.process.poll() is None

    def stderr_text(self):
        """Return the output on standard error."""
        try:
            with open(self.log, errors="replace") as log:
                return log.read()
        except OSError:
            return ""

    def signal(self, number):
        """Send a signal."""
        self.process.send_signal(number)

    def stop(self):
        """Stop the gateway."""
        stop(self.process)


def command(*arguments, env=None, timeout=20, **options):
    """Run a command of hoosh, and return it with its output as text in `out` and `err`.

    After a timeout, its `returncode` has the value `None`.
    """
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    try:
        ran = subprocess.run([HOOSH, *arguments], env=env or environment(), timeout=timeout, **options)
    except subprocess.TimeoutExpired as expired:
        ran = subprocess.CompletedProcess(expired.cmd, None, expired.stdout or b"", expired.stderr or b"")
    ran.out = (ran.stdout or b"").decode("utf-8", "replace")
    ran.err = (ran.stderr or b"").decode("utf-8", "replace")
    return ran

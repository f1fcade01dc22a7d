"""The resources that faults share: a gateway, a scripted upstream, and everything that must be closed afterwards."""

import asyncio
import contextlib
import gc
import os

from kit import client
from kit.gateway import RSS_TOLERANCE, Gateway, provider
from kit.table import Skip
from kit.upstream import Upstream


class World:
    """`gateway` is the one that most faults share. `own` starts another for a single fault."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.upstream = Upstream()
        self.gateway = None
        self.now_running = "-"
        self.tasks = []
        self.owned = []
        self.processes = []
        self.closers = []

    async def open(self):
        self.upstream.listen("evil")
        self.upstream.listen("good")
        self.upstream.reserve("refused")
        self.upstream.black_hole("hole")
        self.upstream.listen("mute", rcvbuf=4096, greet=self._never)
        self.upstream.listen("hasty", greet=self._hasty)
        await self.fresh()

    async def fresh(self):
        """Start a shared gateway, also after one died."""
        if self.gateway:
            self.gateway.kill()
        self.gateway = Gateway(self)
        await self.gateway.start()
        await self.gateway.warm()

    def url(self, name):
        return f"http://127.0.0.1:{self.upstream.ports[name]}/v1"

    def providers(self):
        """Return the default configuration of every gateway."""
        bad = [provider(name, self.url(name)) for name in ("evil", "refused", "hole", "mute", "hasty")]
        demo = {"type": "Demo", "name": "demo", "models": ["demo", "demo-*"]}
        return [*bad, provider("good", self.url("good"), models=["good*", "over-*"], priority=20), demo]

    async def _never(self, sock, _):
        """Accept, and read nothing."""
        await asyncio.sleep(3600)

    async def _hasty(self, sock, _):
        """Accept and close."""

    def spawn(self, coroutine):
        """Start a task that ends with its fault."""
        task = asyncio.create_task(coroutine)
        self.tasks.append(task)
        return task

    @contextlib.asynccontextmanager
    async def own(self, server=None, settles=True, counts_lag=True, rss=RSS_TOLERANCE, **options):
        """Run a gateway for one fault. At the end it must be alive, at its baseline, and stop on a signal."""
        gateway = Gateway(self, server, **options)
        self.owned.append(gateway)
        gateway.counts_lag = counts_lag
        await gateway.start()
        if settles:
            await gateway.warm()
        yield gateway
        if settles:
            await self._let_go()
            await gateway.settled(rss=rss)
        elif gateway.alive and gateway.process.returncode is None:
            with contextlib.suppress(OSError, AssertionError, TimeoutError):
                gateway.note_lag(await gateway.status())
        await gateway.stop()
        self.owned.remove(gateway)

    async def process(self, *command, **options):
        """Start another program, which ends with its fault."""
        process = await asyncio.create_subprocess_exec(*command, **options)
        self.processes.append(process)
        return process

    async def _let_go(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()
        client.close_all()
        self.upstream.clean()
        await asyncio.sleep(0)

    async def clean(self):
        """End everything that a fault started."""
        await self._let_go()
        for gateway in self.owned:
            gateway.kill()
        self.owned.clear()
        for process in self.processes:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        self.processes.clear()
        for close in self.closers:
            close()
        self.closers.clear()
        await asyncio.sleep(0.01)
        gc.collect()

    async def settled(self):
        """Check that the shared gateway is alive and at its baseline."""
        if not self.gateway.alive:
            raise AssertionError(f"hoosh died: {self.gateway.said()[-600:]}")
        await self.gateway.settled()

    async def close(self):
        await self.clean()
        try:
            await self.gateway.stop()
        finally:
            self.gateway.kill()
            self.upstream.close()


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


def need_program(*names):
    import shutil

    for name in names:
        if not shutil.which(name):
            raise Skip(f"needs {name}")

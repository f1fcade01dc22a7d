"""Shared fixtures: the clients, the scripted upstream, and the table at the end.

From the environment: HOOSH_URL and HOOSH_AUTH_URL (the second wants the key in HOOSH_KEY), and SCRIPTED_PORT, where
both expect the scripted upstream, UPSTREAM_URL, the real llama.cpp, and RECORDER_PORT, where they expect it once
more behind a relay. `tools/clients` sets them.
"""

import os

import pytest

import clients
from recorder import Recorder
from upstream import Upstream

outcomes = {}


@pytest.fixture(params=clients.ALL, ids=lambda each: each.name)
def client(request):
    """Return each client in turn."""
    return request.param


@pytest.fixture(scope="session", autouse=True)
def upstream():
    """Run the scripted upstream, which also responds when hoosh lists models."""
    server = Upstream(int(os.environ["SCRIPTED_PORT"]))
    yield server
    server.shutdown()


@pytest.fixture(scope="session", autouse=True)
def recorder():
    """Run the real llama.cpp behind a relay that records send times; hoosh calls it `recorded`."""
    relay = Recorder(int(os.environ["RECORDER_PORT"]), int(os.environ["UPSTREAM_URL"].rpartition(":")[2]))
    yield relay
    relay.close()


@pytest.fixture(scope="session")
def sdk():
    """Return the official SDK, for features that only it supports."""
    with clients.sdk() as client:
        yield client


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        feature, _, rest = report.nodeid.rpartition("::")[2].partition("[")
        # Cases without a client belong to the SDK; several cases of one feature form one cell.
        names = [each.name for each in clients.ALL]
        name = rest[:-1] if rest[:-1] in names else names[0]
        cell = outcomes.setdefault(feature.removeprefix("test_").replace("_", " "), {})
        if cell.get(name) in (None, "passed"):
            cell[name] = report.outcome


def pytest_terminal_summary(terminalreporter):
    if not outcomes:
        return
    names = [each.name for each in clients.ALL]
    width = max(map(len, outcomes))
    marks = {"passed": "yes", "failed": "NO", "skipped": "skipped", None: "-"}
    terminalreporter.write_line("")
    terminalreporter.write_line(f"| {'feature':{width}} | " + " | ".join(names) + " |")
    terminalreporter.write_line(f"| {'-' * width} | " + " | ".join("-" * len(name) for name in names) + " |")
    for feature, cells in outcomes.items():
        row = " | ".join(f"{marks[cells.get(name)]:{len(name)}}" for name in names)
        terminalreporter.write_line(f"| {feature:{width}} | {row} |")

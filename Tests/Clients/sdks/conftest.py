"""Runs each feature with each client that supports it and each provider type, and writes the results to a file.

From the environment: HOOSH_URL; SUITE, which of `SUITES` this is; UPSTREAMS, the providers, by
what their models' names begin with; REAL, models of real servers; RESULTS, the file. `tools/clients` sets them. CLIENTS are modules to take
instead, ONLY names of clients with commas between them.
"""

import fnmatch
import gc
import importlib
import json
import os
import pathlib

import pytest

from known import KNOWN

# The suites, which run in parallel. `older` needs openai 2 or google-genai 2, and thus a separate environment.
SUITES = {
    "sdks": ["openai", "anthropic", "google", "ollama", "mistral", "groq", "litellm", "huggingface_hub", "aisuite"],
    "frameworks": ["langchain", "pydantic_ai", "openai_agents", "llm", "outlines", "magentic", "mirascope", "dspy"],
    "orchestration": ["haystack", "smolagents", "langgraph", "autogen", "agent_framework", "agno", "chatlas"],
    "older": ["llama_index", "instructor", "langchain_google", "strands", "google_adk"],
}
UPSTREAMS = os.environ.get("UPSTREAMS", "to-openai to-anthropic to-ollama to-gemini").split()

# Real servers with a tiny model, by the model's name.
REAL = os.environ.get("REAL", "tiny").split()

modules = os.environ.get("CLIENTS", "").split() or SUITES[os.environ["SUITE"]]
clients = [made() for name in modules for made in importlib.import_module("with_" + name).CLIENTS]
if os.environ.get("ONLY"):
    clients = [client for client in clients if client.name in os.environ["ONLY"].split(",")]
outcomes = []


def feature(item):
    return item.originalname.removeprefix("test_").replace("_", " ")


def marks(client, name, upstream):
    """Mark known failures as expected, not required."""
    this = (client.name, name, str(upstream))
    found = [why for *patterns, why in KNOWN if all(map(fnmatch.fnmatchcase, this, patterns))]
    return [pytest.mark.xfail(reason=found[0], strict=False)] if found else []


def pytest_generate_tests(metafunc):
    """Run each test with the clients that have the method it names."""
    method = metafunc.definition.get_closest_marker("needs").args[0]
    name = feature(metafunc.definition)
    marked = metafunc.definition.keywords
    upstreams = [None] if "no_upstream" in marked else REAL if "real" in marked else UPSTREAMS
    cases = [
        pytest.param(client, upstream, id=f"{client.name}+{upstream}".replace(" ", "."), marks=marks(client, name, upstream))
        for client in clients
        if getattr(client, method, None)
        for upstream in upstreams
    ]
    metafunc.parametrize("client, upstream", cases)


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(method): the method of a client without which the test means nothing")
    config.addinivalue_line("markers", "no_upstream: the same whatever the provider speaks")
    config.addinivalue_line("markers", "real: with real servers")


@pytest.fixture(scope="session", autouse=True)
def no_collections():
    """Some clients close a stream that broke only when it is collected, and take a lock to do so that they may hold at
    that very moment; so nothing is collected while they work."""
    gc.collect()
    gc.disable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        client, upstream = item.callspec.params["client"], item.callspec.params["upstream"]
        # The reason in one line: the exception, or the comparison.
        why = "" if report.passed else str(call.excinfo.value).strip().replace("\n", " ")[:300]
        outcome = "known" if report.skipped and hasattr(report, "wasxfail") else report.outcome
        outcomes.append([client.name, feature(item), upstream, outcome, why])
    return report


def pytest_sessionfinish():
    """Write the results. A second run replaces only the outcomes of the tests it repeated."""
    if not outcomes or not os.environ.get("RESULTS"):
        return
    path = pathlib.Path(os.environ["RESULTS"])
    names = [client.name for client in clients]
    before = json.loads(path.read_text()) if path.exists() else {"clients": names, "outcomes": []}
    rows = {tuple(row[:3]): row for row in before["outcomes"] + outcomes}
    path.write_text(json.dumps({"clients": before["clients"], "outcomes": list(rows.values())}))

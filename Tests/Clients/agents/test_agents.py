"""Claude Code and Codex, the real programs, with each provider type: a text answer, and one with a tool call.

From the environment: HOOSH_URL, and AGENTS, the environment where they are installed. The models' names end in
`agent`, so that the scripted server calls what it is told to call.
"""

import glob
import json
import os
import pathlib
import subprocess

import pytest

URL = os.environ["HOOSH_URL"]
AGENTS = os.environ["AGENTS"]
UPSTREAMS = os.environ.get("UPSTREAMS", "to-openai to-anthropic to-ollama to-gemini").split()
NOTE = "a note for the reader"


def found(pattern):
    return glob.glob(f"{AGENTS}/lib/python3.*/site-packages/{pattern}")[0]


@pytest.fixture
def home(tmp_path):
    (tmp_path / "note.txt").write_text(NOTE)
    return tmp_path


def run(home, environment, *command):
    done = subprocess.run(
        command,
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "NO_PROXY": "127.0.0.1"} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def claude(home, model, prompt, *options):
    environment = {
        "ANTHROPIC_BASE_URL": URL,
        "ANTHROPIC_API_KEY": "not-needed",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    program = found("claude_agent_sdk/_bundled/claude")
    said = run(home, environment, program, "-p", prompt, "--model", model, "--output-format", "json", *options)
    return json.loads(said.strip().splitlines()[-1])


def codex(home, model, prompt):
    folder = home / ".codex"
    folder.mkdir()
    (folder / "config.toml").write_text(
        f"""
model = "{model}"
model_provider = "hoosh"

[model_providers.hoosh]
name = "hoosh"
base_url = "{URL}/v1"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
"""
    )
    # A sandbox cannot run inside a sandbox. The only command is in this file.
    options = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--json"]
    said = run(home, {"CODEX_HOME": str(folder)}, found("codex_cli_bin/bin/codex"), "exec", *options, prompt)
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


def messages(events):
    """Return the text that Codex displayed."""
    items = [event["item"] for event in events if event["type"] == "item.completed"]
    return [item["text"] for item in items if item["type"] == "agent_message"]


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_claude_code_answers(home, upstream):
    result = claude(home, upstream + "-agent", "hello, how are you?")
    assert not result["is_error"]
    assert "You said: " in result["result"]
    assert "hello, how are you?" in result["result"]
    assert result["usage"]["output_tokens"] == 7


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_claude_code_uses_a_tool(home, upstream):
    prompt = "call Read with " + json.dumps({"file_path": str(home / "note.txt")})
    result = claude(home, upstream + "-agent", prompt, "--allowedTools", "Read")
    assert not result["is_error"]
    assert NOTE in result["result"]
    assert result["num_turns"] == 2


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_codex_answers(home, upstream):
    events = codex(home, upstream + "-agent", "hello, how are you?")
    assert "hello, how are you?" in messages(events)[-1]
    assert events[-1]["type"] == "turn.completed"
    assert events[-1]["usage"]["output_tokens"] == 7


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_codex_uses_a_tool(home, upstream):
    prompt = "call exec_command with " + json.dumps({"cmd": f"cat {pathlib.Path(home / 'note.txt')}"})
    events = codex(home, upstream + "-agent", prompt)
    assert NOTE in messages(events)[-1]

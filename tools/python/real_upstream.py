"""Serve one GGUF with llama.cpp's own HTTP server on 127.0.0.1: real_upstream.py MODEL.gguf PORT.

Prints `ready http://127.0.0.1:PORT` once /health responds, and runs until it receives a signal.
"""

import pathlib
import signal
import sys
import time
import urllib.request

from xllamacpp import CommonParams, Server


def parameters(model: pathlib.Path, port: int) -> CommonParams:
    """Return the parameters, as on the command line of llama-server."""
    chosen = CommonParams()
    chosen.model.path = str(model)
    chosen.model_alias = {model.stem}
    chosen.hostnames = ["127.0.0.1"]
    chosen.port = port
    chosen.n_ctx = 65536
    chosen.n_parallel = 4
    chosen.cpuparams.n_threads = 1
    chosen.cpuparams_batch.n_threads = 1
    chosen.endpoint_metrics = True
    chosen.use_jinja = True
    # A server has either text or embeddings.
    chosen.embedding = model.stem == "tiny-embedding"
    return chosen


def is_healthy(url: str) -> bool:
    """Return whether the server is ready, with its model loaded."""
    try:
        with urllib.request.urlopen(url + "/health", timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


def main() -> None:
    model, port = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    # The server's threads keep the interpreter from exiting, so the default signal action ends the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    server = Server(parameters(model, port))
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 60
    while not is_healthy(url):
        if time.monotonic() > until:
            sys.exit(f"{url} does not answer")
        time.sleep(0.05)
    print("ready", url, flush=True)
    while server is not None:
        time.sleep(3600)


main()

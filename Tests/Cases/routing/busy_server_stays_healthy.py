"""A local server handles one request at a time: while it streams a response, it does not respond to a health check. A
server that is busy with a stream stays healthy, and a second request waits for it instead of failing over."""

import threading
import time

from kit import Gateway, Upstream, check, done, model_list, provider, server, slow_stream, table, text_reply

lock = threading.Lock()


def answer(request):
    with lock:
        yield from slow_stream(["word "] * 20, 0.15)


def listing(request):
    with lock:
        return model_list(["m"])(request)


gateway = Gateway(
    server(health_check_interval_secs=0.3),
    table("[health]", timeout_secs=0.3),
    provider("local", Upstream(answer, listing=listing), models=["m*"], priority=1),
    provider("hosted", Upstream(text_reply("hosted")), models=["m*"], priority=2),
)
first = {}
thread = threading.Thread(target=lambda: first.update(answer=gateway.chat(stream=True)))
thread.start()
time.sleep(2.3)
state = gateway.get("/v1/health/providers").json[0]
check(state["status"] == "healthy", "it is healthy during the stream", state["status"])
got = gateway.chat(stream=True, timeout=15)
check(got.status == 200 and "hosted" not in got.content, "the second request stays at the local server", got)
thread.join()
check(first["answer"].end == "complete" and first["answer"].content == "word " * 20, "the first stream is complete")
done()

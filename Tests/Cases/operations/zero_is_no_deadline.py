"""Every timeout and interval that may be 0 is 0. Streams, other requests, and subscriptions of events go on as without a
deadline, and the gateway does not spin."""

import os
import threading
import time

from kit import Gateway, Upstream, check, done, provider, server, slow_stream, table, text_reply

ALONE = True  # Measures CPU time.


def answer(request):
    if request.json.get("stream"):
        return slow_stream(["w%d " % number for number in range(8)], 0.3)
    return (step for step in (1.5, text_reply("fine")(request)))


zeros = (
    "commit_after_secs",
    "keep_alive_comment_secs",
    "upstream_header_timeout_secs",
    "upstream_model_load_timeout_secs",
    "upstream_bytes_per_sec_min",
    "models_refresh_secs",
    "models_cache_secs",
    "dns_cache_secs",
    "health_check_interval_secs",
    "memory_bytes_max",
    "clients_per_address_max",
)
gateway = Gateway(
    server(**{name: 0 for name in zeros}),
    table("[breaker]", consecutive_failures_max=0),
    table("[retry]", max_retries=0, base_delay_ms=0, max_delay_ms=0, jitter_factor=0),
    provider(
        "up",
        Upstream(answer),
        header_timeout_secs=0,
        model_load_timeout_secs=0,
        bytes_per_sec_min=0,
        idle_timeout_secs=0,
        max_concurrent=0,
    ),
    table("[[models]]", name="m", header_timeout_secs=0, model_load_timeout_secs=0, bytes_per_sec_min=0),
)


def cpu_seconds():
    with open("/proc/%d/stat" % gateway.process.pid) as file:
        columns = file.read().rsplit(")", 1)[1].split()
    return (int(columns[11]) + int(columns[12])) / os.sysconf("SC_CLK_TCK")


responses = {}


def ask(label, **options):
    responses[label] = gateway.chat(timeout=20, **options)


before, start = cpu_seconds(), time.monotonic()
subscriber = threading.Thread(target=lambda: responses.update(events=gateway.get("/v1/events", timeout=3)))
threads = [
    threading.Thread(target=ask, args=("stream",), kwargs={"stream": True}),
    threading.Thread(target=ask, args=("whole",)),
    subscriber,
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
share = (cpu_seconds() - before) / (time.monotonic() - start)
check(
    responses["stream"].content.count("w") == 8 and not responses["stream"].error,
    "a stream completes",
    responses["stream"],
)
check(responses["whole"].content == "fine", "a response without a stream completes", responses["whole"])
check(
    responses["events"].status == 200 and responses["events"].end == "timeout",
    "a subscription stays open",
    responses["events"].end,
)
check(b"\n:" not in responses["events"].body, "a subscription gets no comments", responses["events"].text[-200:])
check(share < 0.3, "less than 30 % of a processor", "%.0f %%" % (100 * share))
for _ in range(3):
    check(gateway.models() == ["m"], "the models are listed", gateway.models())
done()

"""A reload removes a provider, renames it, or raises its concurrency limit while a stream runs and two requests wait in
its queue. The running stream completes, and queued requests are answered, or fail immediately if their provider was
removed."""

import threading
import time

from kit import Gateway, Upstream, check, done, provider, slow_stream, table

DEMO = table("[[providers]]", type="Demo", models=["demo*"])


def reload_during_stream(change):
    """Send three requests for one slot, and reload while the first runs."""
    upstream = Upstream(lambda request: slow_stream(["word "] * 10, 0.25))
    gateway = Gateway(provider("local", upstream, max_concurrent=1, models=["m*"]), DEMO)
    responses = {}
    threads = [
        threading.Thread(target=lambda n=n: responses.update({n: gateway.chat(stream=True, timeout=20)}))
        for n in range(3)
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.15)
    gateway.configure(*change(upstream), DEMO)
    check(gateway.reload().status == 200, "the reload succeeds")
    for thread in threads:
        thread.join()
    gateway.stop()
    return [responses[n] for n in range(3)]


def is_complete(response):
    return response.status == 200 and response.end == "complete" and response.content == "word " * 10


first, *queued = reload_during_stream(lambda upstream: [])
check(is_complete(first), "removed: the stream completes", first)
check(
    all(got.seconds < 2 and got.status in (404, 503) for got in queued),
    "removed: the queued requests fail immediately",
    queued,
)
responses = reload_during_stream(lambda upstream: [provider("local", upstream, max_concurrent=8, models=["m*"])])
check(all(is_complete(got) for got in responses), "more slots: all requests are answered", responses)
check(responses[2].seconds < 3.8, "more slots: no request waits any longer", responses[2].seconds)
responses = reload_during_stream(lambda upstream: [provider("other", upstream, max_concurrent=1, models=["m*"])])
check(all(is_complete(got) for got in responses), "renamed: all requests are answered", responses)
done()

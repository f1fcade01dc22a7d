"""SIGTERM arrives while a stream runs, as during a deployment. The stream completes, new connections are refused, and
the process exits with status 0 soon after the stream."""

import signal
import threading
import time

from kit import Gateway, Upstream, check, done, provider, server, slow_stream

upstream = Upstream(lambda request: slow_stream(["word "] * 15, 0.15))
gateway = Gateway(server(drain_timeout_secs=20), provider("up", upstream))
responses = []
thread = threading.Thread(target=lambda: responses.append(gateway.chat(stream=True, timeout=20)))
thread.start()
time.sleep(0.5)
gateway.signal(signal.SIGTERM)
time.sleep(0.5)
check(not gateway.is_listening(), "new connections are refused")
thread.join()
got = responses[0]
check(got.end == "complete" and got.content == "word " * 15 and not got.error, "the stream completes", got)
start = time.monotonic()
try:
    status = gateway.process.wait(10)
except Exception as error:
    status = repr(error)
check(status == 0, "the exit status is 0", status)
check(time.monotonic() - start < 5, "the process exits within 5 s", "%.1f s" % (time.monotonic() - start))
done()

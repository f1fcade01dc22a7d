"""A client in a separate process that sends requests at a constant rate and prints their latency.

pace.py PORT SECONDS REQUESTS_A_SECOND MODEL: writes one line of JSON, with milliseconds.
"""

import http.client
import json
import sys
import time


def main():
    port, seconds, rate, model = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    body = json.dumps({"model": model, "stream": True, "messages": [{"role": "user", "content": "x"}]})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    times, failed = [], 0
    began = time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        try:
            connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
            answer = connection.getresponse().read()
            failed += b"[DONE]" not in answer
            times.append((time.monotonic() - now) * 1000)
        except (OSError, http.client.HTTPException):
            failed += 1
            connection.close()
        due = began + (len(times) + failed) / rate
        time.sleep(max(0, due - time.monotonic()))
    times.sort()
    rank = lambda share: times[min(len(times) - 1, int(share * len(times)))] if times else -1  # noqa: E731
    print(json.dumps({"count": len(times), "failed": failed, "p50": rank(0.5), "p99": rank(0.99), "max": rank(1)}))


main()

"""Thirty requests of a team arrive together, and its budget suffices for three answers of the requested length. Three reach the
provider, the others are a 429 with `budget_exceeded` that says not to retry, and once the answers, which were short, have arrived,
the next request is admitted."""

import json
import threading

from kit import Gateway, Upstream, check, done, provider, server, table, text_reply


def answer(request):
    yield 1
    yield text_reply("hi")(request)


upstream = Upstream(answer)
body = {"model": "m", "max_tokens": 1000, "messages": [{"role": "user", "content": "hi"}]}
need = len(json.dumps(body).encode()) + 1000
gateway = Gateway(
    server(),
    provider("up", upstream),
    table("[[keys]]", name="a", key="sk-a", team="t"),
    table("[[keys]]", name="b", key="sk-b", team="t"),
    table("[[budgets]]", name="team", per="team", capacity=need * 3 + need // 2),
)
got = []
lock = threading.Lock()


def ask(key):
    response = gateway.post("/v1/chat/completions", body, headers={"authorization": "Bearer " + key})
    with lock:
        got.append(response)


threads = [threading.Thread(target=ask, args=("sk-a" if n % 2 else "sk-b",)) for n in range(30)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
served = [response for response in got if response.status == 200]
rejected = [response for response in got if response.status == 429]
check(len(served) == 3 and len(upstream.posts) == 3, "three requests reach the provider", len(upstream.posts))
check(len(rejected) == 27, "the others are rejected", [response.status for response in got])
check(all('"budget_exceeded"' in response.text for response in rejected), "with the code budget_exceeded", rejected[:1])
check(
    all(response.headers.get("x-should-retry") == "false" for response in rejected),
    "and clients are told not to retry",
    rejected[:1],
)
again = gateway.post("/v1/chat/completions", body, headers={"authorization": "Bearer sk-a"})
check(again.status == 200, "after the answers there is room again", again)
done()

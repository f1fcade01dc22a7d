"""Tokens are passed on as they arrive, not collected."""

import time

import upstream as script
from clients import ask, delta


def arrivals(stream):
    return [arrival for arrival, chunk in stream if delta(chunk).get("content")]


def test_tokens_arrive_before_the_upstream_is_done(client, upstream):
    times = arrivals(client.stream(**ask("scripted-slow")))
    sent = list(upstream.sent)
    assert len(times) == len(sent) == script.CHUNKS
    assert times[0] < sent[-1]
    # Each token before the next one was even sent; a busy machine may miss some.
    timely = sum(arrival < following for arrival, following in zip(times, sent[1:]))
    assert timely >= script.CHUNKS // 2


def test_a_real_servers_tokens_arrive_before_it_is_done(sdk, recorder):
    recorder.sent.clear()
    stream = sdk.chat.completions.create(
        stream=True, max_tokens=400, extra_body={"ignore_eos": True}, **ask("recorded")
    )
    times = [time.monotonic() for chunk in stream if chunk.choices and chunk.choices[0].delta.content]
    sent = list(recorder.sent)
    assert len(times) > 100
    assert len(sent) > 50, "the server sent its answer in too few pieces to tell"
    # The first token was here before the server had sent the last quarter, and each quarter of the tokens came
    # before the server was done.
    assert times[0] < sent[len(sent) * 3 // 4]
    assert times[len(times) * 3 // 4] < sent[-1]


def test_the_demo_keeps_its_pace(client):
    start = time.monotonic()
    times = arrivals(client.stream(**ask("demo-tokens20-rate40-first100")))
    assert len(times) == 20
    assert times[0] - start >= 0.1
    assert times[-1] - times[0] >= 19 / 40 * 0.7


def test_the_upstream_stops_when_the_client_leaves(sdk, upstream):
    upstream.left.clear()
    stream = sdk.chat.completions.create(stream=True, **ask("scripted-endless"))
    for count, _ in enumerate(stream):
        if count == 5:
            break
    assert not upstream.left.is_set()
    stream.close()
    assert upstream.left.wait(5), "the upstream still sends to a client that disconnected"
    # And hoosh still serves.
    assert sdk.chat.completions.create(**ask("scripted-echo", "after")).choices[0].message.content == "after"

"""A server answers chat requests but not the request for its models: that path returns 500 or 501. A provider whose
chat requests succeed stays in rotation when its model list fails."""

import time

from kit import Gateway, Upstream, check, done, error_reply, provider, server, table, text_reply

for status in (500, 501):
    first = Upstream(text_reply("first"), listing=lambda request: error_reply(status, "not implemented"))
    second = Upstream(text_reply("second"))
    gateway = Gateway(
        server(health_check_interval_secs=0.2),
        table("[health]", timeout_secs=1),
        provider("first", first, models=["m*"], priority=1),
        provider("second", second, models=["m*"], priority=2),
    )
    answers = []
    for _ in range(20):
        answers.append(gateway.chat().content)
        time.sleep(0.1)
    check(
        answers == ["first"] * 20,
        "%d: the first provider answers all 20 requests" % status,
        "%d by the second" % answers.count("second"),
    )
    gateway.stop()
done()

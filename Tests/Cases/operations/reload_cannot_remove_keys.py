"""An editor or a full disk truncates the configuration, so that the rest is valid but has no [auth]. The running
gateway still rejects requests without a key, and standard error, the response of POST /v1/admin/reload, and an event
give the reason."""

import re
import time

from kit import BEARER, KEY, Gateway, Upstream, auth, check, done, provider, server, table, wait_until, write_file

upstream = Upstream()
TEXT = "\n".join([server(), table("[access_log]", format="off"), provider("up", upstream), auth(KEY)])
REASON = re.compile(r"auth|token|\bkeys?\b", re.I)


def reload_events(gateway):
    """Return the events of reloads."""
    got = gateway.get("/v1/events/recent?topics=reload", BEARER)
    return [event["data"] for event in got.json["events"]] if got.status == 200 else []


for label, remainder in (("truncated before [auth]", TEXT.split("[auth]")[0]), ("empty", "")):
    gateway = Gateway(TEXT)
    check(
        gateway.chat().status == 401 and gateway.chat(headers=BEARER).status == 200,
        label + ": a key is required at the start",
    )
    length = len(gateway.stderr_text())
    write_file(gateway.path, remainder)
    response = gateway.reload(BEARER)
    time.sleep(0.3)
    got = gateway.chat()
    check(got.status == 401, label + ": a request without a key is rejected", got)
    got = gateway.get("/v1/models")
    check(got.status == 401, label + ": so is a request for the model list", got)
    check(gateway.chat(headers=BEARER).status != 401, label + ": the key is still valid")
    check(REASON.search(response.text), label + ": the response gives the reason", response)
    check(
        REASON.search(gateway.stderr_text()[length:]),
        label + ": standard error gives the reason",
        repr(gateway.stderr_text()[length:]),
    )
    check(
        any(REASON.search(str(data)) for data in reload_events(gateway)),
        label + ": an event gives the reason",
        reload_events(gateway),
    )
    gateway.stop()

    gateway = Gateway(TEXT)
    write_file(gateway.path, remainder)
    wait_until(lambda: reload_events(gateway), 4)
    got = gateway.chat()
    check(got.status == 401, label + ", after the file change: a request without a key is rejected", got)
    gateway.stop()

gateway = Gateway(TEXT)
write_file(gateway.path, TEXT.replace(KEY, "another-key-of-the-callers"))
gateway.reload(BEARER)
check(gateway.chat(headers=BEARER).status == 401, "a replaced key is rejected")
check(
    gateway.chat(headers={"authorization": "Bearer another-key-of-the-callers"}).status == 200,
    "the new key is accepted",
)
done()

"""An agent sends two credentials: the session of another service as `Authorization` and the gateway's key as
`x-api-key`, or vice versa. A request with one valid credential is accepted whatever else it carries, and one without
is rejected."""

from kit import BEARER, KEY, Gateway, Upstream, auth, check, done, provider

gateway = Gateway(provider("up", Upstream()), auth(KEY))


def expect_status(label, status, headers, path="/v1/messages"):
    got = gateway.post(path, {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}, headers)
    check(got.status == status, label, got)


expect_status("Bearer", 200, BEARER)
expect_status("bearer in lowercase", 200, {"authorization": "bearer " + KEY})
expect_status("two spaces", 200, {"authorization": "Bearer  " + KEY})
expect_status("x-api-key", 200, {"x-api-key": KEY})
expect_status("x-goog-api-key", 200, {"x-goog-api-key": KEY})
expect_status("the same key twice", 200, {**BEARER, "x-api-key": KEY})
expect_status(
    "another service's session beside the key",
    200,
    {"authorization": "Bearer sk-ant-oat01-another-service", "x-api-key": KEY},
)
expect_status("the key beside a stale key from the environment", 200, {**BEARER, "x-api-key": "sk-ant-api03-stale-key"})
expect_status("a proxy's password beside the key", 200, {"authorization": "Basic dXNlcjpwYXNz", "x-api-key": KEY})
expect_status(
    "two invalid credentials", 401, {"authorization": "Bearer wrong-wrong-wrong", "x-api-key": "wrong-wrong-wrong"}
)
expect_status("no credential", 401, {})
expect_status("a key without a scheme", 401, {"authorization": KEY})
done()

"""A caller of Gemini's dialect sends its key in the query, `?key=…`, as in most of Google's examples. A valid key in
the query is accepted, a wrong one is rejected, and no key reaches the provider or the access log."""

from kit import KEY, Gateway, Upstream, auth, check, done, provider

upstream = Upstream()
gateway = Gateway(provider("up", upstream), auth(KEY))
body = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
path = "/v1beta/models/m:generateContent"
check(gateway.post(path, body, {"x-goog-api-key": KEY}).status == 200, "a key in x-goog-api-key")
answer = gateway.post(path + "?key=" + KEY, body)
check(answer.status == 200, "a key in the query", answer)
check(gateway.post(path + "?key=not-the-right-key", body).status == 401, "a wrong key in the query is rejected")
gateway.stop()
check(KEY not in gateway.stderr_text(), "no key in the access log")
check(not any(KEY in request.path for request in upstream.posts), "no key in the provider's URL")
done()

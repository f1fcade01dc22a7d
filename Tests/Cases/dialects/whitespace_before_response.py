"""A server keeps a connection alive with spaces and newlines before the JSON of a non-streaming response. Callers
receive the response after leading white space, streaming and non-streaming."""

import json

from kit import Gateway, Upstream, check, completion, done, provider, reply

upstream = Upstream(lambda request: reply(b" \n\n\n" + json.dumps(completion("Hi")).encode()))
gateway = Gateway(provider("up", upstream))
got = gateway.chat()
check(got.status == 200 and got.content == "Hi", "chat completions", got)
got = gateway.chat(stream=True)
check(got.status == 200 and got.content == "Hi", "streaming", got)
got = gateway.post("/v1/messages", {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "go"}]})
check(got.status == 200 and got.json["content"][0]["text"] == "Hi", "Messages", got)
done()

"""The schema of a Gemini caller is nullable, and its `anyOf` is not a list. A provider of another dialect receives a
schema that is valid JSON, or the request is rejected."""

import json

from kit import Gateway, Upstream, check, done, provider

upstream = Upstream()
gateway = Gateway(provider("up", upstream))
for value in (True, 12, "xx", {"a": 1}, {}, None, [], [{"type": "STRING"}]):
    for name in ("anyOf", "oneOf", "allOf"):
        schema = {"type": "OBJECT", "nullable": True, name: value}
        tools = [{"functionDeclarations": [{"name": "f", "parameters": schema}]}]
        before = len(upstream.posts)
        got = gateway.post(
            "/v1beta/models/m:generateContent", {"contents": [{"parts": [{"text": "hi"}]}], "tools": tools}
        )
        label = "%s: %s" % (name, json.dumps(value))
        if len(upstream.posts) == before:
            check(got.status == 400, label + ", rejected", got)
        else:
            check(upstream.posts[-1].json is not None, label + ", JSON", upstream.posts[-1].body[-120:])
done()

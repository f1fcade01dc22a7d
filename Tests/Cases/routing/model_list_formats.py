"""Servers list their models in formats of their own: a bare array, strings in place of objects, duplicate IDs, an HTML
page. hoosh lists the models that it can read, or else those in the configuration."""

import json

from kit import Gateway, Upstream, check, done, provider, reply

for label, body, expected, keys in (
    ("a bare array", [{"id": "meta/a", "object": "model"}, {"id": "b"}], ["meta/a", "b"], {}),
    ("strings in place of objects", {"data": ["a", "b"]}, ["a", "b"], {}),
    ("`name` in place of `id`", {"data": [{"name": "a"}]}, ["a"], {}),
    ("a byte order mark", b"\xef\xbb\xbf" + json.dumps({"data": [{"id": "a"}]}).encode(), ["a"], {}),
    ("no data", {"object": "list", "data": None}, [], {}),
    ("a duplicate ID", {"data": [{"id": "a"}, {"id": "a"}, {"id": "b"}]}, ["a", "b"], {}),
    ("an ID that is a number", {"data": [{"id": 7}, {"id": "b"}]}, ["b"], {}),
    ("`models` beside `data`", {"models": [{"name": "x"}], "data": [{"id": "a"}]}, ["a"], {}),
    ("unknown members", {"data": [{"id": "a", "meta": {"n": 1.5}, "id2": "x"}], "data2": []}, ["a"], {}),
    ("an HTML page", b"<html>login</html>", ["fixed"], {"models": ["fixed", "m*"]}),
):
    upstream = Upstream(listing=lambda request: reply(body))
    gateway = Gateway(provider("up", upstream, **keys))
    listed = gateway.models()
    check(listed == expected, label, listed)
    gateway.stop()
done()

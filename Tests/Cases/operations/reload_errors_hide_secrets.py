"""A new configuration is rejected because a token in it begins with a dollar sign or is in the place of a key name. The
response and the events of a failed reload contain neither the token nor the path of the file."""

from kit import BEARER, KEY, Gateway, auth, check, done, table

SECRET = "ecretTOKENofSOMEONE99"
valid = (auth(KEY), table("[[providers]]", type="Demo", models=["demo"]))
for label, text in (
    ("a token after a dollar sign", '[auth]\ntokens = ["$%s"]\n' % SECRET),
    ("an API key after a dollar sign", '[[providers]]\ntype = "OpenAi"\napi_key = "$%s"\n' % SECRET),
    ("an API key in place of a key name", '[[providers]]\ntype = "OpenAi"\n%s = "api_key"\n' % SECRET),
    ("a token in place of a key name", "[auth]\n%s = true\n" % SECRET),
):
    gateway = Gateway(*valid)
    gateway.configure(text.encode())
    got = gateway.reload(BEARER)
    check(got.status == 400, label + ": rejected", got)
    events = gateway.get("/v1/events/recent", BEARER).text
    for where, content in (("the response", got.text), ("the events", events)):
        check(SECRET not in content, "%s: no secret in %s" % (label, where), content)
        check(gateway.home not in content, "%s: no path of the file in %s" % (label, where), content)
    gateway.stop()
done()

"""A server lists models under the names of their files: paths, spaces, other scripts, colons, percent signs. Every
listed model is answered by its name, and `/v1/models/{id}` returns it."""

from urllib.parse import quote

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply

NAMES = [
    "hf.co/someone/Llama-3.2-3B-Instruct-GGUF:Q4_K_M",
    "C:\\models\\qwen2.5-7b-q4_k_m.gguf",
    "/models/my model.gguf",
    "模型-7b",
    "Modèle-é",
    "Mode\u0300le",
    "a%2Fb",
    "model@q4",
    "accounts/x/models/y#z",
    "m+1?x=1",
    "~someone/latest",
    "LLAMA3:8B",
    "x" * 256,
    "lama-\U0001f999",
    "name\u200b",
]


def answer(request):
    return reply(completion("hi")) if request.json["model"] in NAMES else error_reply(404, "model not found")


gateway = Gateway(provider("up", Upstream(answer, NAMES)))
listed = gateway.models()
check(listed == NAMES, "all models are listed", [name for name in NAMES if name not in listed])
for name in listed:
    got = gateway.chat(name)
    check(got.status == 200, "%s is answered" % ascii(name[:40]), got)
    got = gateway.get("/v1/models/" + quote(name, safe="/:"))
    check(got.status == 200, "%s is returned by its ID" % ascii(name[:40]), got)
done()

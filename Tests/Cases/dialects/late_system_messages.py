"""A caller sends a second system message in the middle of the conversation, which the chat templates of local servers
reject. A local server receives one system message, the first, with the texts of all of them."""

from kit import Gateway, Upstream, check, completion, done, error_reply, provider, reply


def answer(request):
    if [message for message in request.json["messages"][1:] if message["role"] == "system"]:
        return error_reply(500, "System message must be at the beginning", code=500)
    return reply(completion("Hi"))


upstream = Upstream(answer, ["qwen3"])
gateway = Gateway(provider("up", upstream, type="LlamaCpp"))
bodies = {
    "/v1/messages": {
        "model": "qwen3",
        "max_tokens": 64,
        "system": "You help.",
        "messages": [{"role": "user", "content": "hi"}, {"role": "system", "content": "Agents: none."}],
    },
    "/v1/responses": {
        "model": "qwen3",
        "instructions": "You help.",
        "input": [{"role": "developer", "content": "Agents: none."}, {"role": "user", "content": "hi"}],
    },
}
for path, body in bodies.items():
    got = gateway.post(path, body)
    check(got.status == 200, path, "%d, roles %s" % (got.status, [m["role"] for m in upstream.bodies[-1]["messages"]]))
    check(b"Agents: none." in upstream.posts[-1].body, path + ": the text arrives")
done()

"""A provider sends `created` with a fraction of a second, streaming or non-streaming. The caller receives `created` as
an integer, which typed clients require."""

from kit import Gateway, Upstream, chat_chunk, check, completion, done, provider, reply, sse_stream


def answer(request):
    if request.json.get("stream"):
        return sse_stream(
            chat_chunk({"role": "assistant", "content": "Hi"}, created=1760000000.492141),
            chat_chunk(finish="stop", created=1760000000.5),
        )
    return reply(completion("Hi", created=1760000000.492141))


gateway = Gateway(provider("up", Upstream(answer)))
streaming = [value["created"] for value in gateway.chat(stream=True).objects]
check(streaming and all(isinstance(value, int) for value in streaming), "streaming", streaming)
value = gateway.chat().json["created"]
check(isinstance(value, int), "non-streaming", value)
done()

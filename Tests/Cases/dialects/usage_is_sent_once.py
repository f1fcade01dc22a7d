"""A provider sends several chunks with only usage in one stream, each larger than the one before. The caller receives
one chunk of usage, with the last numbers, so that its sum is right."""

from kit import Gateway, Upstream, chat_chunk, check, done, provider, sse_stream


def usage(prompt, answer):
    return chat_chunk(
        choices=[], usage={"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
    )


upstream = Upstream(
    lambda request: sse_stream(
        usage(20, 0),
        chat_chunk({"role": "assistant", "content": "Hi"}),
        usage(20, 2),
        chat_chunk(finish="stop"),
        usage(20, 3),
    )
)
answer = Gateway(provider("up", upstream)).chat(stream=True, stream_options={"include_usage": True})
totals = [value["usage"]["total_tokens"] for value in answer.objects if value.get("usage")]
check(totals == [23], "one chunk with 23 tokens", totals)
done()

"""A provider ends its stream with the results of its content filter: a chunk with an empty ID and a choice without
`delta`. The caller receives a delta in every choice, one ID, and one object type, because SDKs read
`choice.delta.content`."""

from kit import Gateway, Upstream, chat_chunk, check, done, provider, sse_stream

final = {
    "id": "",
    "object": "",
    "created": 0,
    "model": "",
    "choices": [
        {
            "index": 0,
            "finish_reason": None,
            "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
            "content_filter_offsets": {"check_offset": 90, "start_offset": 90, "end_offset": 96},
        }
    ],
}
upstream = Upstream(
    lambda request: sse_stream(chat_chunk({"role": "assistant", "content": "Hi"}), chat_chunk(finish="stop"), final)
)
chunks = Gateway(provider("up", upstream)).chat(stream=True).objects
incomplete = [choice for value in chunks for choice in value["choices"] if not isinstance(choice.get("delta"), dict)]
check(chunks and not incomplete, "every choice has a delta", incomplete)
check(len({value["id"] for value in chunks}) == 1, "one ID", {value["id"] for value in chunks})
check(
    {value["object"] for value in chunks} == {"chat.completion.chunk"},
    "one object type",
    {value["object"] for value in chunks},
)
done()

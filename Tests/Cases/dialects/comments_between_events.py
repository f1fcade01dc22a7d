"""A hosted router sends comments between the events of a stream while the model is busy. The caller receives a complete
stream without the provider's comments."""

from kit import Gateway, Upstream, chat_chunk, check, done, provider, raw_stream, sse_event

comment = b": PLEASE WAIT\n\n"
body = (
    comment * 3
    + sse_event(chat_chunk({"role": "assistant", "content": "Hi"}))
    + comment
    + sse_event(chat_chunk(finish="stop"))
    + b": PLEASE WAIT\ndata: [DONE]\n\n"
)
got = Gateway(provider("up", Upstream(lambda request: raw_stream(body)))).chat(stream=True)
check(got.content == "Hi" and not got.error, "the text is complete", got)
check("PLEASE WAIT" not in got.text, "no comment of the provider arrives")
check(got.events[-1] == "[DONE]", "the stream ends with [DONE]")
done()

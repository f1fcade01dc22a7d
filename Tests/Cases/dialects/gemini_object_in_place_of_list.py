"""A caller of Gemini's dialect sends `contents` and `parts` as one object in place of a list, which Google accepts. One
object in place of a list counts as a list of one, whether the provider uses Gemini's dialect or OpenAI's."""

from kit import Gateway, Upstream, check, done, provider

upstream = Upstream()
gateway = Gateway(
    provider("other", upstream, models=["other"]),
    provider("same", upstream, type="Google", api_key="AIza-test", models=["gemini*"]),
)
body = {
    "system_instruction": {"parts": {"text": "Translate."}},
    "contents": {"role": "user", "parts": {"text": "hello"}},
}
for label, model in (
    ("to a provider with OpenAI's dialect", "other"),
    ("to a provider with Gemini's dialect", "gemini-2.5-flash"),
):
    answer = gateway.post("/v1beta/models/%s:generateContent" % model, body)
    check(answer.status == 200, label, answer)
    check(upstream.received("hello"), label + ": the text arrives")
    upstream.requests.clear()
done()

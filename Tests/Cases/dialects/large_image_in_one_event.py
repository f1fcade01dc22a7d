"""A model that draws sends an image of 2.5 MB in one event of a stream. A large image in one event reaches a caller of
Gemini's dialect and one of OpenAI's, as in a non-streaming response."""

import base64
import random

from kit import Gateway, Upstream, check, done, gemini_response, provider, sse_stream

data = base64.b64encode(random.Random(1).randbytes(1_900_000)).decode()
upstream = Upstream(
    lambda request: sse_stream(gemini_response({"inlineData": {"mimeType": "image/png", "data": data}}), done=False),
    ["gemini-2.5-flash-image"],
)
gateway = Gateway(provider("up", upstream, type="Google", api_key="AIza-test"))
same = gateway.post(
    "/v1beta/models/gemini-2.5-flash-image:streamGenerateContent?alt=sse",
    {"contents": [{"role": "user", "parts": [{"text": "a cat"}]}]},
)
check(same.status == 200 and data in same.text, "Gemini's caller", "%d %s" % (same.status, same.text[:160]))
other = gateway.chat("gemini-2.5-flash-image", "a cat", stream=True)
check(other.status == 200 and data in other.text, "OpenAI's caller", "%d %s" % (other.status, other.text[:160]))
done()

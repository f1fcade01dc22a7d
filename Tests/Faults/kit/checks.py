"""Checks of responses."""

import json

from kit.upstream import TEXT


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def expect_good(response, text=TEXT):
    """Check a complete response, streaming or not, and its text."""
    expect(response.status == 200, f"status {response.status}, not 200: {response}")
    expect(response.end == "complete", f"the response ended with {response.end}: {response}")
    if response.fields.get("content-type", "").startswith("text/event-stream"):
        expect(response.events[-1:] == [b"[DONE]"], f"no [DONE] at the end: {response}")
        expect(response.events.count(b"[DONE]") == 1, "more than one [DONE]")
    if text is not None:
        expect(response.text == text, f"wrong text: {response.text[:80]!r}")


def error_of(value):
    """Return the error object after checking its shape."""
    error = value.get("error") if isinstance(value, dict) else None
    expect(isinstance(error, dict), f"no error object in {str(value)[:200]}")
    for key in ("message", "type", "code", "request_id"):
        expect(isinstance(error.get(key), str) and error[key], f"the error has no {key}: {error}")
    expect("param" in error, f"the error has no param: {error}")
    return error


def expect_error(response, status, code):
    """Check an HTTP error with OpenAI's error object. `code` may be a tuple."""
    expect(response.status == status, f"status {response.status}, not {status}: {response}")
    expect(response.end == "complete", f"the error itself ended with {response.end}")
    expect(response.fields.get("content-type", "").startswith("application/json"), "the error is not JSON")
    error = error_of(response.json)
    codes = code if isinstance(code, tuple) else (code,)
    expect(error["code"] in codes, f"code {error['code']}, not {' or '.join(codes)}")
    if status == 503:
        expect("retry-after" in response.fields, "a 503 without Retry-After")
    return error


def expect_event(response, code="upstream_truncated", text=None):
    """Check a failed stream: an error event at its end, no [DONE], and no proper end."""
    expect(response.status == 200, f"status {response.status}, not 200: {response}")
    expect(response.chunked, "the stream is not chunked")
    expect(response.end in ("eof", "reset"), f"the failed stream ended properly: {response.end}")
    expect(b"[DONE]" not in response.events, "[DONE] after a failure")
    expect(response.events, f"no events: {response}")
    error = error_of(json.loads(response.events[-1]))
    codes = code if isinstance(code, tuple) else (code,)
    expect(error["code"] in codes, f"code {error['code']}, not {' or '.join(codes)}")
    if text is not None:
        seen = "".join(
            choice["delta"].get("content") or ""
            for each in response.events[:-1]
            for choice in json.loads(each).get("choices", [])
        )
        expect(seen == text, f"before the error {seen!r}, not {text!r}")
    return error


def within(milliseconds, low, high, what="the answer"):
    expect(milliseconds <= high, f"{what} took {milliseconds:.0f} ms, more than {high}")
    expect(milliseconds >= low, f"{what} took {milliseconds:.0f} ms, less than {low}")

"""What the frameworks above openai-python have in common: its exceptions and its clients."""

import functools

import openai

from base import KEY, TIMEOUT, URL

FAULTS = {
    400: openai.BadRequestError,
    404: openai.NotFoundError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    None: openai.APIError,
}
OPTIONS = {"base_url": URL + "/v1", "api_key": KEY, "max_retries": 0, "timeout": TIMEOUT}


# Clients are made once: each reads the system's certificates.


@functools.cache
def openai_client():
    return openai.OpenAI(**OPTIONS)


@functools.cache
def async_openai_client():
    return openai.AsyncOpenAI(**OPTIONS)


def root(fault):
    """Return the exception with a status that a framework wrapped in its own."""
    while fault and not hasattr(fault, "status_code"):
        fault = fault.__cause__ or fault.__context__
    return fault

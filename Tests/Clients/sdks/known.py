"""Known failures and their reasons, by patterns of client, feature, and provider. They do not fail a run."""

TGI = "llama.cpp passes over the schema of a format as text-generation-inference has it: a json_object with a value"
STORED = "an agent refers to the response before by its ID, unless it is told store=False; hoosh stores no responses"
ENDS = "its second question ends with the assistant's words, which Gemini refuses"

KNOWN: list[tuple[str, str, str, str]] = [
    ("huggingface-hub", "real schema", "*", TGI),
    ("agent-framework responses", "tool", "*", STORED),
    ("agent-framework responses", "two tools", "*", STORED),
    ("agent-framework responses", "streamed tools", "*", STORED),
    ("langgraph", "schema", "to-gemini", ENDS),
]

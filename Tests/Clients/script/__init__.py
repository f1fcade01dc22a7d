"""A scripted model server with the APIs of four provider types, which gives the same answer in each.

| path                                                     | dialect                            |
| -------------------------------------------------------- | ---------------------------------- |
| /openai/v1/chat/completions, completions, embeddings     | OpenAI's chat completions and more |
| /anthropic/v1/messages, …/count_tokens                   | Anthropic's Messages               |
| /ollama/api/chat, embed, embeddings, also tags, show, version, v1/… | Ollama's own, and its OpenAI side |
| /google/v1beta/models/M:generateContent, :streamGenerateContent, :countTokens, :embedContent, :batchEmbedContents | Gemini's |

It refuses what the real provider refuses. What it says depends on the request alone, see `mind`; the last word of
the model's name makes it fail, see `server`.
"""

"""Ollama listens on an address that OLLAMA_HOST names in the environment, and there is no configuration. Discovery
looks for Ollama at the address in OLLAMA_HOST, in each form that Ollama accepts."""

from kit import Gateway, Upstream, check, done, environment, in_namespaces, text_reply, wait_until

in_namespaces("net")
upstream = Upstream(text_reply("from Ollama"), ["llama3.2:3b"], port=11999)
for value in ("127.0.0.1:11999", "http://127.0.0.1:11999", "http://localhost:11999/", "0.0.0.0:11999"):
    gateway = Gateway(file=None, env=environment(OLLAMA_HOST=value))
    check(wait_until(lambda: "from Ollama" in gateway.chat("llama3.2:3b").text, 3), value, gateway.chat("llama3.2:3b"))
    gateway.stop()
done()

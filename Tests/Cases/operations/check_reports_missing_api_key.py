"""A configuration has a hosted provider without an API key, so every request to it would be rejected. `hoosh check`
names the missing `api_key`, and reports nothing for a local server, which needs none."""

from kit import check, command, done, table, temp_folder, write_file

path = temp_folder() + "/hoosh.toml"
for kind in ("OpenAi", "Anthropic", "Groq"):
    ran = command("check", write_file(path, table("[[providers]]", type=kind)))
    check(
        "api_key" in ran.out + ran.err,
        kind + " without an API key",
        "exit %s: %s" % (ran.returncode, ran.out + ran.err),
    )
    ran = command("check", write_file(path, table("[[providers]]", type=kind, api_key="a-key")))
    check(ran.returncode == 0 and "api_key" not in ran.out + ran.err, kind + " with an API key", ran.out + ran.err)
for kind in ("Ollama", "LlamaCpp", "Demo"):
    ran = command("check", write_file(path, table("[[providers]]", type=kind)))
    check(ran.returncode == 0 and "api_key" not in ran.out + ran.err, kind + " needs no API key", ran.out + ran.err)
done()

"""One configuration serves several machines, and a provider that is disabled here names an API key that only another
machine has. `hoosh check` and `hoosh serve` require the API key of an enabled provider, and not that of a disabled
one."""

from kit import Gateway, check, command, done, table, temp_folder, write_file

demo = table("[[providers]]", type="Demo")
text = demo + table("[[providers]]", type="OpenAi", enabled=False, api_key="$API_KEY_OF_ANOTHER_MACHINE")
ran = command("check", write_file(temp_folder() + "/hoosh.toml", text))
check(ran.returncode == 0, "hoosh check accepts the file", "exit %s: %s" % (ran.returncode, ran.err))
gateway = Gateway(text, ready=False)
check(gateway.wait_until_listening(3), "hoosh serve accepts the file", gateway.stderr_text())
ran = command("check", write_file(temp_folder() + "/hoosh.toml", text.replace("false", "true")))
check(
    ran.returncode == 78 and "API_KEY_OF_ANOTHER_MACHINE" in ran.err, "an enabled provider needs its API key", ran.err
)
done()

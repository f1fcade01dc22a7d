"""hoosh starts in a folder with a `hoosh.toml` that every user may write, and that sends an API key of the environment
to another address. No server receives the API key, and the start ends with an error that names the file."""

import os
import time

from kit import Gateway, Upstream, check, done, environment, model_list, provider, server, temp_folder, write_file

KEY = "sk-a-key-of-the-environment-0123"
received = []


def listing(request):
    received.append(request.headers.get("authorization", ""))
    return model_list(["m"])(request)


folder = temp_folder()
upstream = Upstream(listing=listing)
tables = server(health_check_interval_secs=1) + provider("theirs", upstream, type="OpenAi", api_key="$OPENAI_API_KEY")
path = write_file(os.path.join(folder, "hoosh.toml"), tables)
os.chmod(folder, 0o777)
os.chmod(path, 0o666)
gateway = Gateway(file=None, cwd=folder, env=environment(HOME=temp_folder(), OPENAI_API_KEY=KEY), ready=False)
time.sleep(3)
check(not any(KEY in each for each in received), "no server receives the API key", received[:1])
check(gateway.process.poll() is not None, "the process has ended", gateway.process.poll())
check("hoosh.toml" in gateway.stderr_text(), "the error names the file", gateway.stderr_text())
done()

"""There is no configuration, and the API key of a hosted provider is in the environment with a newline or a space
around it. A provider with white space around its API key is used, or a line at the start names the variable and says
why not."""

import re
import time

from kit import Gateway, check, done, environment, in_namespaces, wait_until

in_namespaces("net")
for value in ("sk-abc\n", " sk-abc", "sk-abc\r\n"):
    gateway = Gateway(file=None, env=environment(OPENAI_API_KEY=value))
    # The line follows the start of the listener.
    named = wait_until(lambda: re.search("openai:|OPENAI_API_KEY", gateway.stderr_text()), 3)
    check(named, "%r" % value, gateway.stderr_text().replace("\n", " ")[:160])
    gateway.stop()
gateway = Gateway(file=None, env=environment(OPENAI_API_KEY=""))
wait_until(gateway.stderr_text, 3)
time.sleep(0.3)
check("openai:" not in gateway.stderr_text(), "an empty variable counts as unset")
done()

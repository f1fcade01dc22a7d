"""A command writes its output to a full disk. No command exits with success if it cannot write its output."""

from kit import Gateway, Upstream, check, command, done, provider, skip

try:
    full = open("/dev/full", "wb")
except OSError:
    skip("needs /dev/full")
gateway = Gateway(provider("up", Upstream()))
address = ["--server", "http://127.0.0.1:%d" % gateway.port]
for arguments in (
    ["infer", "-m", "m", "hi", *address],
    ["infer", "--stream", "-m", "m", "hi", *address],
    ["models", *address],
    ["route", "m", "--json", *address],
    ["info", "--json", "--no-drivers"],
    ["check", gateway.path],
):
    ran = command(*arguments, stdout=full)
    check(ran.returncode not in (0, None), " ".join(arguments[:2]), "exit %s" % ran.returncode)
done()

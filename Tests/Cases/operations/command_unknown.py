"""A user misspells a command, or uses one that hoosh does not have. The error message for an unknown command names it
and lists the existing ones, with exit status 64."""

from kit import check, command, done

for arguments in (["modles"], ["chat", "-m", "m", "hi"], ["bench"]):
    ran = command(*arguments, timeout=10)
    check(ran.returncode == 64, arguments[0] + ": exit status 64", "exit %s" % ran.returncode)
    missing = [
        name for name in ("serve", "check", "info", "fit", "route", "models", "infer", "health", "keys", "ledger") if name not in ran.err
    ]
    check(arguments[0] in ran.err and not missing, arguments[0] + ": the message names the commands", ran.err)
done()

"""Another program writes the configuration to a pipe: `hoosh check <(…)`, or standard input. `hoosh check` reads a
configuration from a pipe."""

import os

from kit import check, command, done

TEXT = b'[[providers]]\ntype = "Demo"\n'
read_end, write_end = os.pipe()
os.write(write_end, TEXT)
os.close(write_end)
ran = command("check", "/dev/fd/%d" % read_end, pass_fds=(read_end,))
check(ran.returncode == 0, "process substitution", "exit %s: %s" % (ran.returncode, ran.err))
ran = command("check", "/dev/stdin", input=TEXT)
check(ran.returncode == 0, "standard input", "exit %s: %s" % (ran.returncode, ran.err))
ran = command("check", "/dev/stdin", input=b"[server\n")
check(ran.returncode == 78, "an error in it is found", "exit %s: %s" % (ran.returncode, ran.err))
done()

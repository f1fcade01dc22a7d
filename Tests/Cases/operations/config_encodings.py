"""Configuration files come from editors, shells, and attackers: with a byte order mark, CRLF, UTF-16, NUL, and deep
nesting. `hoosh check` accepts valid TOML, and rejects anything else with exit status 78 and a line and column,
without a crash."""

import re

from kit import check, command, done, temp_folder, write_file

GOOD = '[server]\nport = 0\n\n[[providers]]\ntype = "Demo"\nname = "d"\n'
VALID = {
    "a valid file": GOOD.encode(),
    "a byte order mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "CRLF": GOOD.replace("\n", "\r\n").encode(),
    "no newline at the end": GOOD.strip().encode(),
    "empty": b"",
    "inline tables": b'providers = [{type = "Demo", name = "d"}]\nserver = {port = 0}\n',
    "dotted keys": b'server.port = 0\nserver.bind = "127.0.0.1"\n[[providers]]\ntype = "Demo"\ndemo.fail = ""\n',
    "minus zero": b"[server]\ncommit_after_secs = -0.0\n",
    "hexadecimal": b"[server]\nport = 0x1F98\n",
    "underscores": b"[server]\njson_body_bytes_max = 33_554_432\n",
}
INVALID = {
    "UTF-16": GOOD.encode("utf-16"),
    "CR alone": GOOD.replace("\n", "\r").encode(),
    "NUL": GOOD.encode() + b"\0\0\0",
    "Latin-1": b"# caf\xe9\n" + GOOD.encode(),
    "a date as the port": b"[server]\nport = 2024-01-01\n",
    "infinity": b"[queue]\ntimeout_secs = inf\n",
    "not a number": b"[queue]\ntimeout_secs = nan\n",
    "a duplicate table": b"[server]\nport = 1\n[server]\nstrict = true\n",
    "many dots": b"a" + b".a" * 300000 + b" = 1\n",
    "deep arrays": b"x = " + b"[" * 300000 + b"]" * 300000 + b"\n",
    "deep tables": b"x = " + b"{a=" * 200000 + b"1" + b"}" * 200000 + b"\n",
    "many tables": b"".join(b"[t%d]\n" % n for n in range(90000)),
}
path = temp_folder() + "/hoosh.toml"
for code, files in ((0, VALID), (78, INVALID)):
    for label, data in files.items():
        ran = command("check", write_file(path, data))
        has_position = re.match(re.escape(path) + r":\d+:\d+: ", ran.err)
        check(
            ran.returncode == code and (code == 0 or has_position),
            label,
            "exit %s: %s" % (ran.returncode, ran.err[:120]),
        )
done()

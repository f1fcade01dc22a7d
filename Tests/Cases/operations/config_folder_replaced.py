"""A deployment replaces the whole folder of the configuration by renaming another one to its name. The configuration in
a replaced folder takes effect within three seconds, like any other change, and at SIGHUP."""

import os
import signal

from kit import Gateway, Upstream, check, done, provider, server, temp_folder, text_reply, wait_until, write_file

home = temp_folder()
os.mkdir(home + "/conf")
os.mkdir(home + "/new")
write_file(home + "/conf/hoosh.toml", server() + provider("up", Upstream(text_reply("one"))))
write_file(home + "/new/hoosh.toml", server() + provider("up", Upstream(text_reply("two"))))
gateway = Gateway(home=home + "/conf", cwd=home)
check(gateway.chat().content == "one", "at the start")
os.rename(home + "/conf", home + "/old")
os.rename(home + "/new", home + "/conf")
check(
    wait_until(lambda: gateway.chat().content == "two", 3.5, 0.1),
    "the file in the new folder takes effect",
    gateway.chat(),
)
gateway.signal(signal.SIGHUP)
check(wait_until(lambda: gateway.chat().content == "two", 2), "SIGHUP reads the file in the new folder")
done()

"""Clusters and editors change the configuration in several ways: they switch links, rename files, and write in place or
slowly. Each change of the configuration takes effect within a few seconds, and half a file never does."""

import os
import shutil
import time

from kit import Gateway, Upstream, check, done, provider, server, temp_folder, text_reply, wait_until, write_file

LIMIT = 90
one, two = Upstream(text_reply("one")), Upstream(text_reply("two"))


def text(upstream):
    return server() + provider("up", upstream)


def expect_content(gateway, content, label):
    check(wait_until(lambda: gateway.chat().content == content, 3.5, 0.1), label, gateway.chat())


home = temp_folder()


def write_version(number, upstream):
    os.mkdir("%s/..v%d" % (home, number))
    write_file("%s/..v%d/hoosh.toml" % (home, number), text(upstream))


def switch_link(number):
    os.symlink("..v%d" % number, home + "/..data_tmp")
    os.rename(home + "/..data_tmp", home + "/..data")


write_version(1, one)
switch_link(1)
os.symlink("..data/hoosh.toml", home + "/hoosh.toml")
gateway = Gateway(home=home)
expect_content(gateway, "one", "at the start")
for number, upstream, content in ((2, two, "two"), (3, one, "one")):
    write_version(number, upstream)
    switch_link(number)
    shutil.rmtree("%s/..v%d" % (home, number - 1))
    expect_content(gateway, content, "the link is switched and the old folder deleted (%d)" % number)
gateway.stop()

gateway = Gateway(text(one))
path = gateway.path
os.rename(path, path + "~")
write_file(path, text(two))
os.remove(path + "~")
expect_content(gateway, "two", "the old file is renamed and a new one written")
write_file(path + ".tmp", text(one))
os.rename(path + ".tmp", path)
expect_content(gateway, "one", "a new file is renamed over it")
write_file(path, text(two))
expect_content(gateway, "two", "the file is written in place")
with open(path, "w") as file:
    file.write(text(one)[:60])
    file.flush()
    time.sleep(0.9)
    check(gateway.chat().content == "two", "half a file does not take effect")
    file.write(text(one)[60:])
expect_content(gateway, "one", "the file is written slowly")
os.remove(path)
time.sleep(1.2)
check(gateway.chat().status == 200, "the gateway serves while the file is missing")
write_file(path, text(two))
expect_content(gateway, "two", "the file exists again")
done()

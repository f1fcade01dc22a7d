"""Converters split a model file into shards, and only the first shard has the model's keys, sometimes nothing else.
`hoosh fit` plans the shards like the same model in one file, whichever shard it gets."""

import json
import os

from kit import check, command, done, gguf, llama, temp_folder

home = temp_folder()
keys, first, blocks, last = llama()
single_file = gguf(home + "/whole.gguf", keys, first + sum(blocks, []) + last)


def split(path, groups):
    os.makedirs(path, exist_ok=True)
    total = sum(len(group) for group in groups)
    for number, group in enumerate(groups):
        split_keys = [
            ("split.no", "u16", number),
            ("split.count", "u16", len(groups)),
            ("split.tensors.count", "i32", total),
        ]
        gguf(
            "%s/m-%05d-of-%05d.gguf" % (path, number + 1, len(groups)),
            (keys if number == 0 else []) + split_keys,
            group,
        )


thirds = [sum(blocks[:11], []), sum(blocks[11:22], []), sum(blocks[22:], [])]
split(home + "/three", [first + thirds[0], thirds[1], thirds[2] + last])
split(home + "/four", [[], first + thirds[0], thirds[1], thirds[2] + last])  # The first shard has only keys.


def plan(path, devices):
    ran = command(
        "fit", path, "--no-drivers", "--json", *[argument for size in devices for argument in ("--add-device", size)]
    )
    value = json.loads(ran.out) if ran.out.startswith("{") else {"plan": {}, "model": {"layers": ran.err}}
    compared = {
        name: value["plan"].get(name) for name in ("manner", "device_bytes", "host_bytes", "shares", "cache_bytes")
    }
    return {**compared, "layers": value["model"].get("layers")}


for devices in (["4"], ["3", "3"], ["8"]):
    expected = plan(single_file, devices)
    for shard in ("three/m-00001-of-00003.gguf", "three/m-00002-of-00003.gguf", "four/m-00001-of-00004.gguf"):
        planned = plan(home + "/" + shard, devices)
        check(
            planned == expected,
            "%s with devices of %s GB" % (shard, " and ".join(devices)),
            {name: value for name, value in planned.items() if value != expected[name] and name != "shares"},
        )
done()

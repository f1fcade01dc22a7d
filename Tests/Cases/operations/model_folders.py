"""A user gives `hoosh fit` a folder of safetensors, or the index of its shards, in place of one file. `hoosh fit` plans
a folder or an index, or names the file to use; one shard stands for all."""

import json
import os
import struct

from kit import check, command, done, temp_folder, write_file

home = temp_folder() + "/Llama-7B-hf"
os.mkdir(home)


def safetensors(path, tensors):
    head, size = {}, 0
    for name, shape in tensors:
        length = 2
        for dimension in shape:
            length *= dimension
        head[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [size, size + length]}
        size += length
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + size)


def layer(number):
    return [
        ("model.layers.%d.self_attn.q_proj.weight" % number, (4096, 4096)),
        ("model.layers.%d.mlp.down_proj.weight" % number, (4096, 11008)),
    ]


safetensors(home + "/model-00001-of-00002.safetensors", [("model.embed_tokens.weight", (32000, 4096)), *layer(0)])
safetensors(home + "/model-00002-of-00002.safetensors", [*layer(1), ("lm_head.weight", (32000, 4096))])
write_file(home + "/model.safetensors.index.json", json.dumps({"metadata": {"total_size": 1}, "weight_map": {}}))
write_file(
    home + "/config.json",
    json.dumps(
        {
            "model_type": "llama",
            "num_hidden_layers": 2,
            "hidden_size": 4096,
            "num_attention_heads": 32,
            "num_key_value_heads": None,
            "max_position_embeddings": 4096,
            "vocab_size": 32000,
            "rope_scaling": {"factor": 8.0},
        }
    ),
)

ran = command("fit", home + "/model-00001-of-00002.safetensors", "--no-drivers")
check(ran.returncode == 0 and "2 layers" in ran.out, "one shard stands for all", ran.out + ran.err)
for label, path in (("the index", home + "/model.safetensors.index.json"), ("the folder", home)):
    ran = command("fit", path, "--no-drivers")
    message = ran.err.replace(path, "")
    check(
        ran.returncode == 0 or ("safetensors" in message and "00001" in message),
        label,
        "exit %s: %s" % (ran.returncode, message),
    )
done()

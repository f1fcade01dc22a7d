"""Model files are links into a cache, truncated by a failed download, without one of their shards, or written with
other number types. `hoosh fit` plans unusual model files if it can, reports a truncated one, and names a missing
shard."""

import os

from kit import F16, check, command, done, gguf, llama, temp_folder

home = temp_folder()
keys, first, blocks, last = llama(layers=2, vocabulary=32000)
tensors = first + sum(blocks, []) + last
gguf(home + "/truncated.gguf", keys, tensors, missing_bytes=50_000_000)
gguf(home + "/p-00001-of-00003.gguf", keys + [("split.count", "u16", 3)], first + sum(blocks, []))
gguf(
    home + "/odd.gguf",
    [
        ("general.architecture", "str", "llama"),
        ("llama.block_count", "u64", 2),
        ("llama.embedding_length", "i32", 4096),
        ("llama.attention.head_count", "arr", ("i32", [32, 0])),
        ("llama.attention.head_count_kv", "arr", ("u32", [8, 0])),
        ("llama.context_length", "f32", 8192.0),
    ],
    tensors,
)
gguf(
    home + "/bert.gguf",
    [
        ("general.architecture", "str", "bert"),
        ("bert.block_count", "u32", 12),
        ("bert.context_length", "u32", 512),
        ("bert.embedding_length", "u32", 768),
        ("bert.attention.head_count", "u32", 12),
        ("bert.attention.causal", "bool", False),
        ("bert.pooling_type", "u32", 1),
    ],
    [("token_embd.weight", (768, 30522), F16)] + [("blk.%d.attn_q.weight" % n, (768, 768), F16) for n in range(12)],
)
os.makedirs(home + "/cache/snapshot")
os.symlink(home + "/odd.gguf", home + "/cache/snapshot/link.gguf")


def fit(file):
    return command("fit", home + "/" + file, "--no-drivers")


ran = fit("truncated.gguf")
check(ran.returncode == 0 and "cut off" in ran.out, "a truncated file", ran.out + ran.err)
ran = fit("p-00001-of-00003.gguf")
check(ran.returncode == 74 and "00002-of-00003" in ran.err, "a missing shard", ran.out + ran.err)
for file, label, expected in (
    ("odd.gguf", "other number types", "2 layers"),
    ("bert.gguf", "an embedding model", "12 layers"),
    ("cache/snapshot/link.gguf", "a link", "2 layers"),
):
    ran = fit(file)
    check(ran.returncode == 0 and expected in ran.out, label, ran.out + ran.err)
done()

"""Writes GGUF files with a header and no weights."""

import struct

_VALUE_TYPES = {
    "u16": (2, "H"),
    "u32": (4, "I"),
    "i32": (5, "i"),
    "f32": (6, "f"),
    "bool": (7, "?"),
    "str": (8, None),
    "arr": (9, None),
    "u64": (10, "Q"),
}
F32, F16, Q4_K, Q6_K = 0, 1, 12, 14
# The elements and the bytes of one block.
_BLOCKS = {F32: (1, 4), F16: (1, 2), Q4_K: (256, 144), Q6_K: (256, 210)}


def _string(text):
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _value(kind, value):
    if kind == "str":
        return _string(value)
    if kind == "arr":
        kind, items = value
        return struct.pack("<IQ", _VALUE_TYPES[kind][0], len(items)) + b"".join(_value(kind, item) for item in items)
    return struct.pack("<" + _VALUE_TYPES[kind][1], value)


def gguf(path, keys, tensors, missing_bytes=0):
    """Write a sparse GGUF file of keys (name, type, value) and tensors (name, shape, type), and return its path."""
    head, size = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(keys)), 0
    for name, kind, value in keys:
        head += _string(name) + struct.pack("<I", _VALUE_TYPES[kind][0]) + _value(kind, value)
    for name, shape, kind in tensors:
        count = 1
        for dimension in shape:
            count *= dimension
        elements, length = _BLOCKS[kind]
        head += _string(name) + struct.pack("<I%dQIQ" % len(shape), len(shape), *shape, kind, size)
        size += -(-count // elements * length // 32) * 32
    head += b"\0" * (-len(head) % 32)
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(len(head) + size - missing_bytes)
    return path


def llama(layers=32, width=4096, feed_forward=14336, heads=32, kv_heads=8, vocabulary=128256, context=131072):
    """Return the keys of a Llama model, and the tensors of the input, of each layer, and of the output."""
    kv_width = width // heads * kv_heads
    keys = [
        ("general.architecture", "str", "llama"),
        ("general.name", "str", "Test"),
        ("llama.block_count", "u32", layers),
        ("llama.context_length", "u32", context),
        ("llama.embedding_length", "u32", width),
        ("llama.feed_forward_length", "u32", feed_forward),
        ("llama.attention.head_count", "u32", heads),
        ("llama.attention.head_count_kv", "u32", kv_heads),
        ("general.file_type", "u32", 15),
    ]
    blocks = [
        [
            ("blk.%d.%s.weight" % (layer, name), shape, kind)
            for name, shape, kind in (
                ("attn_q", (width, width), Q4_K),
                ("attn_k", (width, kv_width), Q4_K),
                ("attn_v", (width, kv_width), Q6_K),
                ("attn_output", (width, width), Q4_K),
                ("ffn_gate", (width, feed_forward), Q4_K),
                ("ffn_up", (width, feed_forward), Q4_K),
                ("ffn_down", (feed_forward, width), Q6_K),
                ("attn_norm", (width,), F32),
            )
        ]
        for layer in range(layers)
    ]
    return (
        keys,
        [("token_embd.weight", (width, vocabulary), Q4_K)],
        blocks,
        [("output_norm.weight", (width,), F32), ("output.weight", (width, vocabulary), Q6_K)],
    )

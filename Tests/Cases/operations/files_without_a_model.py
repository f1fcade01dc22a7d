"""A user gives `hoosh fit` other files from a model folder: a projector, an adapter, a vocabulary, a Git LFS pointer, a
web page. `hoosh fit` plans none of these files as a model: it names their type, or rejects them."""

from kit import F16, check, command, done, gguf, llama, temp_folder, write_file

home = temp_folder()
keys = llama(layers=2)[0]
gguf(
    home + "/projector.gguf",
    [
        ("general.architecture", "str", "clip"),
        ("general.type", "str", "mmproj"),
        ("clip.has_vision_encoder", "bool", True),
        ("clip.vision.block_count", "u32", 27),
        ("clip.vision.embedding_length", "u32", 1152),
    ],
    [("v.blk.%d.attn_q.weight" % n, (1152, 1152), F16) for n in range(27)],
)
gguf(
    home + "/adapter.gguf",
    [
        ("general.architecture", "str", "llama"),
        ("general.type", "str", "adapter"),
        ("adapter.type", "str", "lora"),
        ("adapter.lora.alpha", "f32", 16.0),
    ],
    [("blk.0.attn_q.weight.lora_a", (4096, 16), F16), ("blk.0.attn_q.weight.lora_b", (16, 4096), F16)],
)
gguf(home + "/words.gguf", keys + [("tokenizer.ggml.tokens", "arr", ("str", ["a"] * 100))], [])
write_file(
    home + "/pointer.gguf", "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 4081004224\n"
)
write_file(home + "/page.gguf", "<!DOCTYPE html><html><head><title>401</title></head></html>")
write_file(home + "/error.gguf", '{"error":"repository not found"}')

for file, label, words in (
    ("projector.gguf", "a projector", ("projector", "mmproj", "no language model")),
    ("adapter.gguf", "an adapter", ("adapter",)),
    ("words.gguf", "a vocabulary", ("vocab", "no tensors", "no weights")),
):
    ran = command("fit", home + "/" + file, "--no-drivers")
    output = (ran.out + ran.err).replace(home, "").replace(file, "").lower()
    check(
        ran.returncode == 74 or any(word in output for word in words),
        label,
        "exit %s: %s" % (ran.returncode, output[:160]),
    )
ran = command("fit", home + "/pointer.gguf", "--no-drivers")
check(ran.returncode == 74 and "lfs" in ran.err.lower(), "a Git LFS pointer is called one", ran.err)
for file, label in (("page.gguf", "a web page"), ("error.gguf", "a JSON error")):
    ran = command("fit", home + "/" + file, "--no-drivers")
    check(ran.returncode == 74, label + " is rejected", ran.out + ran.err)
done()

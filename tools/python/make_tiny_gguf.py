#!/usr/bin/env python3
"""Make a tiny llama-architecture GGUF with random weights and a byte-level BPE
tokenizer trained on text already on this machine (Debian license texts, Python docs).

Needs: pip install gguf numpy tokenizers.   No weights or data are downloaded.

  make_tiny_gguf.py out.gguf [--vocab 2048] [--ctx 131072] [--layers 2] [--embd 64]
                    [--eos-bias 4.0] [--seed 0] [--embedding]

Trick: embedding column 0 is a large constant, so hidden[0] is nearly constant after
the final RMSNorm; column 0 of the output matrix then acts as a per-token bias. It is
used to make end-of-turn likely enough for natural stops and to keep unprintable byte
tokens out of the output.
"""
import argparse, glob, numpy as np, gguf
from tokenizers import Tokenizer, models, pre_tokenizers, trainers, decoders

ap = argparse.ArgumentParser()
ap.add_argument("out")
ap.add_argument("--vocab", type=int, default=2048)
ap.add_argument("--ctx", type=int, default=131072)
ap.add_argument("--layers", type=int, default=2)
ap.add_argument("--embd", type=int, default=64)
ap.add_argument("--heads", type=int, default=4)
ap.add_argument("--kv-heads", type=int, default=2)
ap.add_argument("--ff", type=int, default=128)
ap.add_argument("--eos-bias", type=float, default=4.0)
ap.add_argument("--tool-bias", type=float, default=-1000.0, help="e.g. 30: the model opens <tool_call> at once, so the server's grammar yields a real tool call")
ap.add_argument("--seed", type=int, default=0)
ap.add_argument("--name", default="tiny-random")
ap.add_argument("--embedding", action="store_true", help="set mean pooling metadata (for --embedding servers)")
a = ap.parse_args()
rng = np.random.default_rng(a.seed)

SPECIAL = ["<|pad|>", "<|im_start|>", "<|im_end|>", "<|endoftext|>"]
USER = ["<tool_call>\n"]
tok = Tokenizer(models.BPE())
tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tok.decoder = decoders.ByteLevel()
files = sorted(glob.glob("/usr/share/common-licenses/*"))
tok.train(files, trainers.BpeTrainer(vocab_size=a.vocab, special_tokens=SPECIAL + USER,
          initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
vocab = tok.get_vocab()
tokens = [t for t, _ in sorted(vocab.items(), key=lambda kv: kv[1])]
import json
merges = json.loads(tok.to_str())["model"]["merges"]
merges = [" ".join(m) if isinstance(m, list) else m for m in merges]
n_vocab, E, H, KV, F, L = len(tokens), a.embd, a.heads, a.kv_heads, a.ff, a.layers
hd = E // H

# ByteLevel alphabet: printable ASCII maps to itself, space to U+0120, newline to U+010A
ok = {chr(c) for c in range(0x21, 0x7f)} | {"\u0120"}
types, bias = [], np.zeros(n_vocab, np.float32)
for i, t in enumerate(tokens):
    if t in SPECIAL:
        types.append(gguf.TokenType.CONTROL); bias[i] = -1000.0
    elif t in USER:
        types.append(gguf.TokenType.USER_DEFINED); bias[i] = a.tool_bias
    else:
        types.append(gguf.TokenType.NORMAL)
        if any(ch not in ok for ch in t): bias[i] = -1000.0
bias[vocab["<|im_end|>"]] = a.eos_bias

w = gguf.GGUFWriter(a.out, "llama")
w.add_name(a.name); w.add_description("random weights, for protocol tests only")
w.add_context_length(a.ctx); w.add_embedding_length(E); w.add_block_count(L)
w.add_feed_forward_length(F); w.add_head_count(H); w.add_head_count_kv(KV)
w.add_layer_norm_rms_eps(1e-5); w.add_rope_dimension_count(hd); w.add_rope_freq_base(1e6)
w.add_vocab_size(n_vocab); w.add_file_type(gguf.LlamaFileType.ALL_F32)
if a.embedding: w.add_pooling_type(gguf.PoolingType.MEAN)
w.add_tokenizer_model("gpt2"); w.add_tokenizer_pre("gpt-2")
w.add_token_list(tokens); w.add_token_types(types); w.add_token_merges(merges)
w.add_bos_token_id(vocab["<|endoftext|>"]); w.add_eos_token_id(vocab["<|im_end|>"])
w.add_pad_token_id(vocab["<|pad|>"]); w.add_add_bos_token(False)
TEMPLATE = (
    "{%- if tools %}<|im_start|>system\nFunctions:\n{% for t in tools %}{{ t | tojson }}\n{% endfor %}"
    "Call one with <tool_call>{json}</tool_call>.<|im_end|>\n{% endif %}"
    "{%- for m in messages %}"
    "{%- if m.role == 'tool' %}<|im_start|>user\n<tool_response>\n{{ m.content }}\n</tool_response><|im_end|>\n"
    "{%- else %}<|im_start|>{{ m.role }}\n{% if m.content %}{{ m.content }}{% endif %}"
    "{% if m.tool_calls %}{% for c in m.tool_calls %}\n<tool_call>\n"
    "{\"name\": \"{{ c.function.name }}\", \"arguments\": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}{% endif %}"
    "<|im_end|>\n{% endif %}{% endfor %}"
    "{%- if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
w.add_chat_template(TEMPLATE)

def r(*s, scale): return (rng.standard_normal(s) * scale).astype(np.float32)
emb = r(n_vocab, E, scale=1.0); emb[:, 0] = 8.0
out = r(n_vocab, E, scale=0.35)
# hidden[0] after RMSNorm is about 8/rms; measure rms of an embedding row
c = 8.0 / np.sqrt((emb ** 2).mean(axis=1)).mean()
out[:, 0] = bias / c
w.add_tensor("token_embd.weight", emb)
w.add_tensor("output_norm.weight", np.ones(E, np.float32))
w.add_tensor("output.weight", out)
for i in range(L):
    p = f"blk.{i}."
    w.add_tensor(p + "attn_norm.weight", np.ones(E, np.float32))
    w.add_tensor(p + "ffn_norm.weight", np.ones(E, np.float32))
    for nm, shp in (("attn_q", (H * hd, E)), ("attn_k", (KV * hd, E)), ("attn_v", (KV * hd, E)),
                    ("attn_output", (E, H * hd)), ("ffn_gate", (F, E)), ("ffn_up", (F, E)), ("ffn_down", (E, F))):
        m = r(*shp, scale=0.7 / np.sqrt(shp[1]))
        if nm in ("attn_output", "ffn_down"): m[0, :] = 0.0      # keep channel 0 constant
        w.add_tensor(p + nm + ".weight", m)
w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
print(a.out, "vocab", n_vocab, "merges", len(merges))

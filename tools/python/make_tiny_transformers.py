"""Create a folder with a tiny llama-architecture model for Hugging Face's transformers: make_tiny_transformers.py FOLDER.

The weights are random, and the byte-level BPE tokenizer is trained on the license texts of this machine. Nothing is
downloaded. As in make_tiny_gguf.py, embedding column 0 is a constant, so that column 0 of the output matrix is a bias
for each token. The bias makes the end of an answer likely enough and keeps unprintable bytes out of answers.
"""

import glob
import sys

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

VOCABULARY, CONTEXT, LAYERS, WIDTH, HEADS, INNER = 2048, 131072, 2, 64, 4, 128
END_BIAS = 4.0
SPECIAL = ["<|pad|>", "<|im_start|>", "<|im_end|>", "<|endoftext|>"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}"
    "{% else %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train(sorted(glob.glob("/usr/share/common-licenses/*")), trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|pad|>", model_max_length=CONTEXT
    )
    fast.chat_template = TEMPLATE
    return fast


def make_model(tokenizer):
    vocabulary = tokenizer.get_vocab()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS // 2,
        max_position_embeddings=CONTEXT,
        eos_token_id=vocabulary["<|im_end|>"],
        pad_token_id=vocabulary["<|pad|>"],
        bos_token_id=vocabulary["<|endoftext|>"],
        tie_word_embeddings=False,
        initializer_range=0.08,
    )
    model = LlamaForCausalLM(config)
    # Printable ASCII maps to itself in the byte-level alphabet, the space to U+0120.
    printable = {chr(code) for code in range(0x21, 0x7F)} | {"\u0120"}
    bias = torch.zeros(len(vocabulary))
    for token, index in vocabulary.items():
        if token in SPECIAL or not set(token) <= printable:
            bias[index] = -1000.0
    bias[vocabulary["<|im_end|>"]] = END_BIAS
    with torch.no_grad():
        embedding = torch.randn(len(vocabulary), WIDTH)
        embedding[:, 0] = 8.0
        # The value of column 0 after the norm.
        constant = 8.0 / embedding.pow(2).mean(dim=1).sqrt().mean()
        output = torch.randn(len(vocabulary), WIDTH) * 0.35
        output[:, 0] = bias / constant
        model.model.embed_tokens.weight.copy_(embedding)
        model.lm_head.weight.copy_(output)
        for layer in model.model.layers:
            # Column 0 stays constant.
            layer.self_attn.o_proj.weight[0, :] = 0
            layer.mlp.down_proj.weight[0, :] = 0
    return model


def main():
    tokenizer = make_tokenizer()
    make_model(tokenizer).save_pretrained(sys.argv[1])
    tokenizer.save_pretrained(sys.argv[1])
    print(sys.argv[1], "vocabulary", len(tokenizer))


main()

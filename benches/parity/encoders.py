"""Random checkpoints of every architecture, with what `transformers` makes of 1,000 sentences.

    python benches/parity/encoders.py [FOLDER]        # target/parity/transformers
    XLNER_PARITY=FOLDER cargo test -p xlner-neural --release --test it transformer::

Needs torch, transformers and tokenizers. A checkpoint has its tokeniser, trained here on other sentences of the same scripts,
and `reference.jsonl`: a sentence a line with its tokens, the ids and word ids of its sub-words, logits, and the hidden states of
the middle layer (of every 20th sentence), both from batches that are padded.
"""

import json
import os
import sys
from pathlib import Path

import tokenizers
import torch
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from text import sentences

LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
SIZES = dict(
    hidden_size=48, num_hidden_layers=4, num_attention_heads=4, intermediate_size=96, max_position_embeddings=130,
    id2label=dict(enumerate(LABELS)), label2id={label: index for index, label in enumerate(LABELS)},
)
VOCABULARY = 3000


def framed(tokenizer, first, last):
    ids = [(token, tokenizer.token_to_id(token)) for token in (first, last)]
    return processors.TemplateProcessing(single=f"{first} $A {last}", pair=f"{first} $A {last} $B {last}", special_tokens=ids)


def word_pieces(text, lowercase):
    tokenizer = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(text, trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=special, show_progress=False))
    tokenizer.post_processor = framed(tokenizer, "[CLS]", "[SEP]")
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]"
    )


def unigram(text, special, first, last, unknown, normalizer):
    tokenizer = tokenizers.Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=VOCABULARY, special_tokens=special, unk_token=unknown, show_progress=False)
    tokenizer.train_from_iterator(text, trainer)
    tokenizer.post_processor = framed(tokenizer, first, last)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=first, eos_token=last, cls_token=first, sep_token=last,
        unk_token=unknown, pad_token=special[1] if first == "<s>" else special[0], mask_token=special[-1],
    )


def byte_level(text, special, first, last):
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(text, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(
        (last, special.index(last)), (first, special.index(first)), add_prefix_space=True
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=first, eos_token=last, cls_token=first, sep_token=last, unk_token=special[3],
        pad_token=special[1] if first == "<s>" else special[0], mask_token=special[-1], add_prefix_space=True,
    )


def checkpoints(text):
    """Name, configuration, tokeniser, how it is saved."""
    sentence_pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    debertas = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    nfkc = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(tokenizers.Regex(" {2,}"), " ")])
    xlm = unigram(text, sentence_pieces, "<s>", "</s>", "<unk>", nfkc)
    deberta = unigram(text, debertas, "[CLS]", "[SEP]", "[UNK]", normalizers.Sequence([normalizers.NFC(), normalizers.Strip(left=False)]))
    cased, uncased = word_pieces(text, False), word_pieces(text, True)
    relative = dict(
        relative_attention=True, position_biased_input=False, type_vocab_size=0, pad_token_id=0, layer_norm_eps=1e-7,
        norm_rel_ebd="layer_norm", max_relative_positions=-1,
    )
    yield "bert", transformers.BertConfig(**SIZES), cased, "safetensors"
    yield "bert-uncased", transformers.BertConfig(**SIZES, hidden_act="gelu_new", type_vocab_size=3), uncased, "bin"
    yield "xlm-roberta", transformers.XLMRobertaConfig(**SIZES, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5), xlm, "shards"
    yield "roberta", transformers.RobertaConfig(**SIZES, type_vocab_size=1, pad_token_id=1), byte_level(
        text, sentence_pieces, "<s>", "</s>"
    ), "safetensors"
    yield "camembert", transformers.CamembertConfig(**SIZES, type_vocab_size=1, pad_token_id=1), xlm, "half"
    sizes = {key: value for key, value in SIZES.items() if key.endswith("label") or key.startswith("label") or key == "max_position_embeddings"}
    yield "distilbert", transformers.DistilBertConfig(**sizes, dim=48, n_layers=4, n_heads=4, hidden_dim=96), cased, "safetensors"
    yield "deberta-v3", transformers.DebertaV2Config(
        **SIZES, **relative, position_buckets=16, share_att_key=True, pos_att_type="p2c|c2p"
    ), deberta, "safetensors"
    yield "deberta-v2", transformers.DebertaV2Config(
        **SIZES, **relative, position_buckets=32, share_att_key=True, pos_att_type="p2c|c2p", conv_kernel_size=3, conv_act="gelu",
        embedding_size=32,
    ), deberta, "bin"
    plain = dict(relative, norm_rel_ebd="none", type_vocab_size=2, position_biased_input=True, max_relative_positions=20)
    yield "deberta-plain", transformers.DebertaV2Config(**SIZES, **plain, pos_att_type=["c2p"], share_att_key=False), deberta, "safetensors"
    yield "deberta-absolute", transformers.DebertaV2Config(
        **SIZES, relative_attention=False, type_vocab_size=0, pad_token_id=0
    ), deberta, "safetensors"
    of_bytes = byte_level(text, debertas, "[CLS]", "[SEP]")
    first = dict(relative_attention=True, pad_token_id=0, layer_norm_eps=1e-7)
    yield "deberta-v1", transformers.DebertaConfig(
        **SIZES, **first, position_biased_input=False, type_vocab_size=0, max_relative_positions=-1, pos_att_type="c2p|p2c"
    ), of_bytes, "bin"
    yield "deberta-v1-plain", transformers.DebertaConfig(
        **SIZES, **first, type_vocab_size=2, max_relative_positions=20, pos_att_type=["p2c"]
    ), of_bytes, "safetensors"


def random_weights(model, seed):
    """Weights so large that every layer matters, norms and biases among them."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            draw = torch.randn(weight.shape, generator=generator)
            norm = "norm" in name.lower()
            weight.copy_(draw * 0.2 + 1.0 if norm and name.endswith("weight") else draw * (0.1 if weight.dim() > 1 else 0.2))


def save(model, folder, how):
    if how == "bin":
        model.config.save_pretrained(folder)
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    elif how == "half":
        model.half().save_pretrained(folder)
    else:
        model.save_pretrained(folder, **({"max_shard_size": "200KB"} if how == "shards" else {}))


def main():
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    top = Path(sys.argv[1]) if len(sys.argv) > 1 else target / "parity/transformers"
    text = [" ".join(sentence) for sentence in sentences(4000, seed=1)]
    tested = sentences(1000, seed=2)
    for index, (name, config, tokenizer, how) in enumerate(checkpoints(text)):
        folder = top / name
        folder.mkdir(parents=True, exist_ok=True)
        config.vocab_size = len(tokenizer)
        model = transformers.AutoModelForTokenClassification.from_config(config).eval()
        random_weights(model, seed=index)
        if how == "half":
            model = model.half().float()
        with open(folder / "reference.jsonl", "w") as file:
            for start in range(0, len(tested), 20):
                batch = tested[start : start + 20]
                encoded = tokenizer(batch, is_split_into_words=True, padding=True, truncation=True, max_length=128, return_tensors="pt")
                inputs = {key: encoded[key] for key in ("input_ids", "attention_mask")}
                with torch.no_grad():
                    output = model(**inputs, output_hidden_states=True)
                for row, tokens in enumerate(batch):
                    length = int(encoded["attention_mask"][row].sum())
                    record = {"tokens": tokens, "ids": encoded["input_ids"][row][:length].tolist(), "words": encoded.word_ids(row)[:length]}
                    record["logits"] = output.logits[row][:length].double().flatten().tolist()
                    if row == 0:
                        record["layer"] = 2
                        record["hidden"] = output.hidden_states[2][row][:length].double().flatten().tolist()
                    file.write(json.dumps(record) + "\n")
        save(model, folder, how)
        tokenizer.save_pretrained(folder)
        print(name, len(tokenizer), flush=True)


if __name__ == "__main__":
    main()

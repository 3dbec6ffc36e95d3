"""Writes small random M2M100, NLLB and Marian checkpoints and what `transformers` makes of them, for crates/xlner-neural/tests/it/seq2seq.rs.

    python benches/parity/seq2seq.py [FOLDER, default target/parity]

Every checkpoint is also converted by CTranslate2, in four precisions, with what CTranslate2 makes of it.
Needs torch, transformers, sentencepiece, ctranslate2 (PyPI). Everything is made from fixed seeds.
"""

import json
import random
import shutil
import sys
from pathlib import Path

import ctranslate2
import sentencepiece
import torch
from transformers import M2M100Config, M2M100ForConditionalGeneration, MarianConfig, MarianMTModel
from transformers.modeling_outputs import BaseModelOutput

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "target" / "parity") / "seq2seq"

# Beginnings of the letters of 20 scripts.
SCRIPTS = [0x61, 0xE0, 0x3B1, 0x430, 0x561, 0x5D0, 0x627, 0x915, 0x995, 0xA15, 0xB95, 0xC15, 0xE01, 0x10D0, 0x1200, 0x1780,
           0x3042, 0x30A2, 0x4E00, 0xAC00]
SEARCHES = [
    {"num_beams": 1},
    {"num_beams": 4},
    {"num_beams": 5},
    {"num_beams": 4, "early_stopping": True},
    {"num_beams": 4, "length_penalty": 2.0},
    {"num_beams": 5, "length_penalty": 0.5, "early_stopping": True},
    {"num_beams": 4, "num_return_sequences": 4},
    {"num_beams": 4, "no_repeat_ngram_size": 2},
    {"num_beams": 4, "max_length": 12},
    {"num_beams": 1, "max_length": 12},
]


def sentences(count, seed):
    """Made-up sentences in 20 scripts, with punctuation, numbers and odd spaces."""
    chance = random.Random(seed)
    lines = []
    for number in range(count):
        first = SCRIPTS[number % len(SCRIPTS)]
        words = []
        for _ in range(chance.randint(1, 12)):
            word = "".join(chr(first + min(int(chance.expovariate(0.2)), 24)) for _ in range(chance.randint(1, 7)))
            words.append(chance.choice([word, word, word, word.capitalize(), word + ",", str(chance.randint(0, 2000)), "ﬁ", "…"]))
        lines.append(chance.choice([" ", " ", " ", "  ", "\u00a0"]).join(words) + chance.choice([".", "!", " ?", ""]))
    return lines


def pieces(folder, name, kind, size):
    """Trains a SentencePiece model."""
    text = folder / "text"
    text.write_text("\n".join(sentences(4000, 1)), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(input=str(text), model_prefix=str(folder / "spm"), vocab_size=size, model_type=kind,
                                             character_coverage=0.99, minloglevel=2, num_threads=1)
    text.unlink()
    (folder / "spm.vocab").unlink()
    (folder / "spm.model").rename(folder / name)
    return sentencepiece.SentencePieceProcessor(model_file=str(folder / name))


def reference(folder, model, first, tokenize, decode, forbidden):
    """What `transformers` makes of a checkpoint."""
    chance = random.Random(7)
    usable = [token for token in range(4, model.config.vocab_size) if token not in forbidden]
    end = model.config.eos_token_id
    sources = [[chance.choice(usable) for _ in range(length)] + [end] for length in (1, 3, 5, 8, 13, 21)]
    prefix = [model.config.decoder_start_token_id] + ([first] if first is not None else [])
    targets = [[chance.choice(usable) for _ in range(length)] + [end] for length in (1, 4, 9)]
    out = {"first": first, "sources": sources, "targets": [prefix[1:] + target for target in targets]}

    def states(source):
        return model.get_encoder()(input_ids=torch.tensor([source])).last_hidden_state

    out["logits"], out["scores"] = [], []
    for source in sources:
        rows = []
        for number, target in enumerate(targets):
            inputs = torch.tensor([prefix + target[:-1]])
            logits = model(encoder_outputs=BaseModelOutput(states(source)), decoder_input_ids=inputs).logits[0]
            chosen = torch.log_softmax(logits[len(prefix) - 1:], dim=-1).gather(1, torch.tensor(target)[:, None])
            rows.append(chosen[:, 0].tolist())
            if number == 1:
                out["logits"].append(logits[-1].tolist())
        out["scores"].append(rows)

    out["searches"] = []
    for search in SEARCHES:
        settings = {"max_length": 40, "length_penalty": 1.0, "early_stopping": False, "do_sample": False, **search}
        found = []
        for source in sources:
            output = model.generate(torch.tensor([source]), forced_bos_token_id=first, output_scores=True, return_dict_in_generate=True,
                                    **settings)
            best = []
            for row, tokens in enumerate(output.sequences.tolist()):
                tokens = tokens[1:]
                if end in tokens:
                    tokens = tokens[: tokens.index(end) + 1]
                elif model.config.pad_token_id in tokens:
                    tokens = tokens[: tokens.index(model.config.pad_token_id)]
                score = output.sequences_scores[row].item() if settings["num_beams"] > 1 else None
                best.append({"tokens": tokens, "score": score})
            found.append(best)
        out["searches"].append({"search": settings, "found": found})

    texts = sentences(1000, 2)
    encoded = [tokenize(text) for text in texts]
    # What stands before a text says the language, and is no text.
    out["texts"] = [{"text": text, "tokens": tokens, "decoded": decode(tokens[1:])} for text, tokens in zip(texts, encoded)]
    (folder / "reference.json").write_text(json.dumps(out, ensure_ascii=False), encoding="utf-8")
    lengths = [len(best[0]["tokens"]) for best in out["searches"][1]["found"]]
    print(f"{folder}: {model.config.vocab_size} tokens, translations of {lengths} tokens by 4 beams")


class Converter(ctranslate2.converters.TransformersConverter):
    """With the tokens that the tokeniser gives by number: not all versions of `transformers` list M2M100's languages."""

    def load_tokenizer(self, kind, path, **settings):
        tokenizer = kind.from_pretrained(path, **settings)
        size = json.loads((Path(path) / "config.json").read_text())["vocab_size"]
        made_up = getattr(tokenizer, "num_madeup_words", 0)
        names = [tokenizer.convert_ids_to_tokens(number) for number in range(size - made_up)]
        known = len(names) if None not in names else names.index(None)
        tokenizer.get_vocab = lambda: {name: number for number, name in enumerate(names[:known])}
        tokenizer.num_madeup_words = size - known
        return tokenizer


def converted(name):
    """A checkpoint as CTranslate2 keeps it, and the probabilities and translations that CTranslate2 gives."""
    folder = ROOT / name
    told = json.loads((folder / "reference.json").read_text(encoding="utf-8"))
    files = [file for file in ("tokenizer.json", "sentencepiece.bpe.model", "source.spm", "target.spm") if (folder / file).is_file()]
    for precision in ("float32", "float16", "int8", "int16"):
        into = ROOT / f"{name}-ct2-{precision}"
        converter = Converter(str(folder), copy_files=files)
        converter.convert(str(into), quantization=precision, force=True)
        names = json.loads((into / "shared_vocabulary.json").read_text(encoding="utf-8"))
        numbers = {token: number for number, token in enumerate(names)}
        # Whatever the weights are kept in: so that both calculate the same.
        translator = ctranslate2.Translator(str(into), compute_type="float32", intra_threads=1)
        sources = [[names[token] for token in source] for source in told["sources"]]
        targets = [[names[token] for token in target[:-1]] for target in told["targets"]]
        out = {"first": told["first"], "sources": told["sources"], "targets": told["targets"], "scores": []}
        for source in sources:
            out["scores"].append([scored.log_probs for scored in translator.score_batch([source] * len(targets), targets)])
        prefix = None if told["first"] is None else [[names[told["first"]]]] * len(sources)
        found = translator.translate_batch(sources, target_prefix=prefix, beam_size=1, max_decoding_length=30)
        out["greedy"] = [[numbers[token] for token in result.hypotheses[0]] for result in found]
        (into / "reference.json").write_text(json.dumps(out), encoding="utf-8")
        print(f"{into}: translations of {[len(tokens) for tokens in out['greedy']]} tokens")


def spread(model, end):
    """Weights far enough from 0 that not all sentences are alike, and an end that comes now and then."""
    torch.manual_seed(3)
    for name, weight in model.named_parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.35 if "shared" in name else 2.5 / weight.shape[1] ** 0.5)
        elif "norm" not in name:
            torch.nn.init.normal_(weight, std=0.2)
    with torch.no_grad():
        if model.config.model_type == "marian":
            model.final_logits_bias.normal_(std=0.5)
            model.final_logits_bias[0, end] = 4.0
        else:
            shift = model.model.decoder.layer_norm.bias
            shift.normal_(std=0.3)
            model.get_input_embeddings().weight[end] += 5.0 * shift / shift.square().sum()


def save(folder, model):
    model.eval()
    model.save_pretrained(folder)
    return type(model).from_pretrained(folder).eval()


def m2m100(name):
    folder = ROOT / name
    folder.mkdir(parents=True)
    torch.manual_seed(1)
    if name == "m2m100":
        from transformers import M2M100Tokenizer
        model = pieces(folder, "sentencepiece.bpe.model", "bpe", 600)
        known = ["<s>", "<pad>", "</s>", "<unk>"] + [model.id_to_piece(number) for number in range(3, len(model))]
        (folder / "vocab.json").write_text(json.dumps({piece: number for number, piece in enumerate(known)}), encoding="utf-8")
        tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "sentencepiece.bpe.model"), src_lang="en", tgt_lang="fr")
        first = tokenizer.get_lang_id("fr")
    else:
        from transformers import NllbTokenizer
        from transformers.convert_slow_tokenizer import generate_merges
        model = pieces(folder, "sentencepiece.bpe.model", "bpe", 600)
        known = ["<s>", "<pad>", "</s>", "<unk>"] + [model.id_to_piece(number) for number in range(3, len(model))]
        vocabulary = {piece: number for number, piece in enumerate(known)}
        scores = {model.id_to_piece(number): model.get_score(number) for number in range(3, len(model))}
        tokenizer = NllbTokenizer(vocab=vocabulary, merges=generate_merges(scores, scores), src_lang="eng_Latn", tgt_lang="fra_Latn")
        tokenizer.save_pretrained(folder)
        first = tokenizer.convert_tokens_to_ids("fra_Latn")
    config = M2M100Config(vocab_size=max(len(tokenizer), len(known) + 108), d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
                          decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=64, max_position_embeddings=64,
                          scale_embedding=True, activation_function="relu", max_length=64)
    network = M2M100ForConditionalGeneration(config)
    spread(network, config.eos_token_id)
    network = save(folder, network)

    def tokenize(text):
        return tokenizer(text)["input_ids"]

    reference(folder, network, first, tokenize, lambda tokens: tokenizer.decode(tokens, skip_special_tokens=True), [])


def marian():
    from transformers import MarianTokenizer
    folder = ROOT / "marian"
    folder.mkdir(parents=True)
    pieces(folder, "source.spm", "unigram", 500)
    shutil.copy(folder / "source.spm", folder / "target.spm")
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    known = ["</s>", "<unk>", ">>fra<<"] + [model.id_to_piece(number) for number in range(3, len(model))] + ["<pad>"]
    (folder / "vocab.json").write_text(json.dumps({piece: number for number, piece in enumerate(known)}), encoding="utf-8")
    tokenizer = MarianTokenizer(str(folder / "source.spm"), str(folder / "target.spm"), str(folder / "vocab.json"))
    padding = len(known) - 1
    config = MarianConfig(vocab_size=len(known), d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
                          decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=64, max_position_embeddings=64,
                          scale_embedding=True, activation_function="swish", pad_token_id=padding, eos_token_id=0, bos_token_id=None,
                          decoder_start_token_id=padding, forced_eos_token_id=0)
    torch.manual_seed(2)
    network = MarianMTModel(config)
    network.generation_config.bad_words_ids = [[padding]]
    network.generation_config.forced_eos_token_id = 0
    spread(network, 0)
    network = save(folder, network)
    reference(folder, network, None, lambda text: tokenizer(">>fra<< " + text)["input_ids"],
              lambda tokens: tokenizer.decode(tokens, skip_special_tokens=True), [padding])


if __name__ == "__main__":
    torch.set_num_threads(1)
    shutil.rmtree(ROOT, ignore_errors=True)
    with torch.no_grad():
        m2m100("m2m100")
        m2m100("nllb")
        marian()
    for name in ("m2m100", "nllb", "marian"):
        converted(name)

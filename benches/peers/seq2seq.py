#!/usr/bin/env python3
"""Translation by a model of the shape of NLLB-200-distilled-600M beside `transformers` and CTranslate2, on one thread.

    python benches/peers/seq2seq.py [--small] [--rounds 2] [--beams 4] [--json]

The weights are random (nothing is downloaded) and made from a seed; the end of a sentence is suppressed, so that every translation has the
same length. Times are CPU seconds, the best of the rounds. 8 sentences of 32 tokens are translated at once into 32 tokens, then the translations are scored. Needs torch, transformers and
ctranslate2 (PyPI); about 12 GB of memory and 8 GB in target/peers. --small: a model of a hundredth of the size, to try the script.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time

from common import PEERS, ROOT

os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", RAYON_NUM_THREADS="1")
SENTENCES, LENGTH, FIRST = 8, 32, 5
SHAPE = {"vocab_size": 256206, "d_model": 1024, "encoder_layers": 12, "decoder_layers": 12, "encoder_attention_heads": 16,
         "decoder_attention_heads": 16, "encoder_ffn_dim": 4096, "decoder_ffn_dim": 4096}
SMALL = {"vocab_size": 8000, "d_model": 256, "encoder_layers": 3, "decoder_layers": 3, "encoder_attention_heads": 4,
         "decoder_attention_heads": 4, "encoder_ffn_dim": 1024, "decoder_ffn_dim": 1024}


def checkpoint(shape, name):
    """A folder with a random checkpoint."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    folder = PEERS / "seq2seq" / name
    if not (folder / "model.safetensors").is_file():
        torch.manual_seed(0)
        config = M2M100Config(**shape, max_position_embeddings=1024, scale_embedding=True, activation_function="relu")
        model = M2M100ForConditionalGeneration(config)
        model.generation_config.suppress_tokens = [config.eos_token_id]
        model.save_pretrained(folder)
    return folder


def ours(folder, sources, precision, beams, rounds):
    program = os.environ.get("SEQ2SEQ_SPEED") or build()
    words = [str(program), str(folder), precision, str(beams), str(LENGTH + 1), str(FIRST), str(rounds)]
    done = subprocess.run(words, input=json.dumps(sources), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr[-2000:])
    figures = json.loads(done.stdout)
    return figures["translate"], figures["score"], figures["tokens"]


def build():
    words = ["cargo", "build", "--quiet", "--release", "-p", "xlner-neural", "--example", "seq2seq_speed"]
    subprocess.run(words, check=True, cwd=ROOT)
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return os.path.join(target, "release", "examples", "seq2seq_speed")


def best(rounds, work):
    seconds, result = float("inf"), None
    for _ in range(rounds):
        start = time.process_time()
        result = work()
        seconds = min(seconds, time.process_time() - start)
    return seconds, result


def bound(shape, beams):
    """Seconds to translate of an engine that does nothing but the products, as fast as PyTorch multiplies large matrices."""
    import torch

    torch.set_num_threads(1)
    one, other = torch.rand(2048, 2048), torch.rand(2048, 2048)
    seconds, _ = best(5, lambda: torch.mm(one, other))
    width = shape["d_model"]
    encoder = shape["encoder_layers"] * (4 * width * width + 2 * width * shape["encoder_ffn_dim"])
    # Keys and values of the encoder's states once a sentence; the rest once a hypothesis and token.
    memory = shape["decoder_layers"] * 2 * width * width
    decoder = shape["decoder_layers"] * (6 * width * width + 2 * width * shape["decoder_ffn_dim"]) + width * shape["vocab_size"]
    return SENTENCES * LENGTH * (encoder + memory + beams * decoder) * seconds / 2048**3


def transformers(folder, sources, beams, rounds):
    import torch
    from transformers import M2M100ForConditionalGeneration

    torch.set_num_threads(1)
    model = M2M100ForConditionalGeneration.from_pretrained(folder).eval()
    inputs = torch.tensor(sources)
    with torch.no_grad():
        seconds, output = best(rounds, lambda: model.generate(inputs, forced_bos_token_id=FIRST, num_beams=beams, max_length=LENGTH + 1,
                                                              do_sample=False))
        scoring, _ = best(rounds, lambda: torch.log_softmax(model(inputs, decoder_input_ids=output[:, :-1]).logits, dim=-1))
    return seconds, scoring, output[:, 1:].tolist()


def ctranslate2(folder, sources, precision, beams, rounds):
    import ctranslate2

    converted = folder.parent / f"{folder.name}-ct2-{precision}"
    names = [f"t{number}" for number in range(json.loads((folder / "config.json").read_text())["vocab_size"])]
    names[:4] = ["<s>", "<pad>", "</s>", "<unk>"]
    if not (converted / "model.bin").is_file():
        convert(folder, converted, precision, names)
    translator = ctranslate2.Translator(str(converted), intra_threads=1, inter_threads=1, compute_type=precision)
    texts = [[names[token] for token in source] for source in sources]
    prefix = [[names[FIRST]]] * len(texts)
    settings = {"beam_size": beams, "target_prefix": prefix, "max_decoding_length": LENGTH - 1, "min_decoding_length": LENGTH - 1,
                "max_batch_size": 0}
    seconds, output = best(rounds, lambda: translator.translate_batch(texts, **settings))
    targets = [result.hypotheses[0] for result in output]
    scoring, _ = best(rounds, lambda: translator.score_batch(texts, targets))
    return seconds, scoring, [[int(name[1:]) if name.startswith("t") else names.index(name) for name in target] for target in targets]


def convert(folder, into, precision, names):
    """As CTranslate2's converter does it, without the tokeniser that it would ask for the names of tokens."""
    from ctranslate2.converters.transformers import TransformersConverter

    class Tokenizer:
        unk_token, bos_token, eos_token, pad_token = "<unk>", "<s>", "</s>", "<pad>"
        unk_token_id, num_madeup_words, special_tokens_map = 3, 0, {}

        def get_vocab(self):
            return {name: number for number, name in enumerate(names)}

        def convert_ids_to_tokens(self, number):
            return names[number]

    class Converter(TransformersConverter):
        def load_tokenizer(self, *_, **__):
            return Tokenizer()

    Converter(str(folder)).convert(str(into), quantization=precision, force=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    shape = SMALL if arguments.small else SHAPE
    folder = checkpoint(shape, "small" if arguments.small else "nllb-600m")
    chance = random.Random(1)
    sources = [[chance.randrange(4, shape["vocab_size"]) for _ in range(LENGTH - 1)] + [2] for _ in range(SENTENCES)]
    settings = arguments.beams, arguments.rounds
    rows = {
        "xlner f32": ours(folder, sources, "f32", *settings),
        "xlner int8": ours(folder, sources, "int8", *settings),
        "transformers f32": transformers(folder, sources, *settings),
    }
    for precision in ["float32", "int8"]:
        try:
            rows[f"CTranslate2 {precision}"] = ctranslate2(folder, sources, precision, *settings)
        except Exception as error:  # another version converts differently; the others' figures stand
            print(f"skipped: CTranslate2 {precision}: {type(error).__name__}: {error}", file=sys.stderr)
    same = rows["xlner f32"][2] == rows["transformers f32"][2]
    if arguments.json:
        figures = {name: {"translate": translate, "score": score} for name, (translate, score, _) in rows.items()}
        print(json.dumps({"same": same, "figures": figures, "bound": bound(shape, arguments.beams)}))
        return
    for name, (translate, score, _) in rows.items():
        print(f"{name:20} translate {translate:7.2f} s   score {score:7.2f} s")
    print(f"the products alone, f32 {bound(shape, arguments.beams):.2f} s")
    print("xlner f32 and transformers say", "the same" if same else "different things")


if __name__ == "__main__":
    main()

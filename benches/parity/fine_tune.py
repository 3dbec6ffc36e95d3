"""Random checkpoints of every architecture fine-tuned by `transformers` and PyTorch, as the reference for ours.

    python benches/parity/fine_tune.py [FOLDER]               # target/parity/fine-tune
    XLNER_PARITY=… cargo test -p xlner-neural --features fine-tune --release --test it fine_tune::
    python benches/parity/fine_tune.py --check [FOLDER]       # what the test saved, loaded by transformers

Needs torch, transformers, tokenizers and safetensors. Dropout is 0, so that nothing is random. A checkpoint has `train.jsonl`
(tokens, tags), `reference.json` (the settings; loss and norm of the gradients of every step), `reference.safetensors` (the weights
after the last step), and `aligner.json`: pairs, and the losses of the encoder fine-tuned on them to align.
"""

import json
import os
import random
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

from encoders import LABELS, checkpoints, random_weights
from text import sentences

SETTINGS = dict(batch_size=4, epochs=2, learning_rate=2e-4, warmup=2, weight_decay=0.05, max_grad_norm=1.0)
SENTENCES = 16
MOST = 1e-4


def tags(tokens, draw):
    """Random entities."""
    result, at = [], 0
    while at < len(tokens):
        if draw.random() < 0.25:
            label, length = draw.choice(["PER", "LOC"]), min(draw.randint(1, 3), len(tokens) - at)
            result += [f"B-{label}"] + [f"I-{label}"] * (length - 1)
            at += length
        else:
            result.append("O")
            at += 1
    return result


def without_dropout(config):
    for name in vars(config):
        if "dropout" in name:
            setattr(config, name, 0.0)
    return config


def batch(tokenizer, items):
    encoded = tokenizer([item["tokens"] for item in items], is_split_into_words=True, padding=True, return_tensors="pt")
    labels = torch.full(encoded["input_ids"].shape, -100)
    for row, item in enumerate(items):
        before = None
        for column, word in enumerate(encoded.word_ids(row)):
            if word is not None and word != before:
                labels[row, column] = LABELS.index(item["tags"][word])
            before = word
    return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"], "labels": labels}


def train(model, tokenizer, items):
    """As `transformers.Trainer` does it: decay of what is no vector, linear schedule, clipped gradients."""
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": decayed, "weight_decay": SETTINGS["weight_decay"]}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=SETTINGS["learning_rate"])
    size = SETTINGS["batch_size"]
    starts = list(range(0, len(items), size)) * SETTINGS["epochs"]
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, SETTINGS["warmup"], len(starts))
    model.train()
    losses, norms = [], []
    for start in starts:
        loss = model(**batch(tokenizer, items[start : start + size])).loss
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), SETTINGS["max_grad_norm"])))
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    return losses, norms


def aligner_loss(source, target, threshold):
    """Dou and Neubig 2021, eq. 4 (self-training) and 5 (consistency); links as awesome-align takes them (softmax)."""
    scores = source @ target.T
    forward, reverse = scores.softmax(1), scores.softmax(0)
    links = ((forward > threshold) & (reverse > threshold)).float().detach()
    n, m = scores.shape
    trained = (links * 0.5 * (forward / n + reverse / m)).sum()
    return -trained - torch.trace(forward @ reverse.T) / min(n, m)


def align(folder, tokenizer, texts):
    """The losses of an encoder that is fine-tuned on pairs."""
    settings = dict(layer=2, threshold=1e-3, batch_size=3, epochs=2, learning_rate=2e-4)
    pairs = list(zip(texts[0::2], texts[1::2]))[:9]
    model = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager")
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings["learning_rate"], weight_decay=0.0)
    starts = list(range(0, len(pairs), settings["batch_size"])) * settings["epochs"]
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, 0, len(starts))
    model.train()

    def states(tokens):
        encoded = tokenizer(tokens, is_split_into_words=True, return_tensors="pt")
        output = model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"], output_hidden_states=True)
        return output.hidden_states[settings["layer"]][0, 1:-1]

    losses = []
    for start in starts:
        batch = pairs[start : start + settings["batch_size"]]
        loss = sum(aligner_loss(states(a), states(b), settings["threshold"]) for a, b in batch) / len(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    (folder / "aligner.json").write_text(json.dumps({**settings, "pairs": pairs, "losses": losses}))


def write(top):
    text = [" ".join(sentence) for sentence in sentences(4000, seed=1)]
    draw = random.Random(5)
    for index, (name, config, tokenizer, _) in enumerate(checkpoints(text)):
        folder = top / name
        folder.mkdir(parents=True, exist_ok=True)
        config = without_dropout(config)
        config.vocab_size = len(tokenizer)
        model = transformers.AutoModelForTokenClassification.from_config(config, attn_implementation="eager")
        random_weights(model, seed=index)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        short = [s for s in sentences(400, seed=3) if len(tokenizer(s, is_split_into_words=True)["input_ids"]) <= 60]
        items = [{"tokens": tokens, "tags": tags(tokens, draw)} for tokens in short[:SENTENCES]]
        (folder / "train.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
        losses, norms = train(model, tokenizer, items)
        save_file({key: value.contiguous() for key, value in model.state_dict().items()}, folder / "reference.safetensors",
                  metadata={"format": "pt"})
        (folder / "reference.json").write_text(json.dumps({**SETTINGS, "losses": losses, "norms": norms}))
        align(folder, tokenizer, short)
        print(f"{name}: {len(losses)} steps, loss {losses[0]:.4f} to {losses[-1]:.4f}")


def check(top):
    """Loads what we saved and compares its scores with ours."""
    failed = False
    for folder in sorted(path for path in top.iterdir() if (path / "ours/logits.json").is_file()):
        ours = folder / "ours"
        model, report = transformers.AutoModelForTokenClassification.from_pretrained(ours, output_loading_info=True)
        model.eval()
        largest = 0.0
        for item in json.loads((ours / "logits.json").read_text()):
            with torch.no_grad():
                logits = model(torch.tensor([item["ids"]])).logits[0].flatten()
            largest = max(largest, float((logits - torch.tensor(item["logits"])).abs().max()))
        missing = list(report["missing_keys"]) + list(report["unexpected_keys"])
        labels = [model.config.id2label[at] for at in range(model.config.num_labels)]
        holds = largest <= MOST and not missing and labels == LABELS
        failed |= not holds
        print(f"{folder.name}: {type(model).__name__}, largest difference of scores {largest:.1e}, {'ok' if holds else 'FAILED'}", *missing)
    sys.exit(failed)


def run(name, write, check):
    """The command line of a script: writes references into target/parity/NAME or a given folder, or checks what was made of them."""
    words = [word for word in sys.argv[1:] if word != "--check"]
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    top = Path(words[0]) if words else target / "parity" / name
    torch.manual_seed(0)
    check(top) if "--check" in sys.argv else write(top)


if __name__ == "__main__":
    run("fine-tune", write, check)

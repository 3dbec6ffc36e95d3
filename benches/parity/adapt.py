"""Masked language models of random weights trained by `transformers` and PyTorch, as the reference for `xlner adapt`.

    python benches/parity/adapt.py [FOLDER]                   # target/parity/adapt
    XLNER_PARITY=… cargo test -p xlner-neural --features fine-tune --release --test it adapt_parity
    python benches/parity/adapt.py --check [FOLDER]           # what the test saved, loaded by transformers

Needs torch, transformers, tokenizers and safetensors. Dropout is 0, and words are masked by the same hash as in xlner, so that
nothing is random. A checkpoint has `text.jsonl` and `pairs.jsonl` (tokens), `reference.json` (the settings; loss and norm of the
gradients of every step) and `reference.safetensors` (the weights after the last step). `--check` loads the models that got further
pieces: their tokenisers cut as xlner does, no weight is missing or left over, and the loss of masked words is the same.
"""

import json
import sys

import tokenizers
import torch
import transformers
from safetensors.torch import save_file

from encoders import checkpoints, random_weights
from fine_tune import MOST, run, without_dropout
from text import sentences

SETTINGS = dict(
    batch_size=4, epochs=2, learning_rate=2e-4, warmup=2, weight_decay=0.05, max_grad_norm=1.0, seed=42, mask=0.15, vocabulary=40
)
SENTENCES, PAIRS = 16, 6
ALL = (1 << 64) - 1


def mix(seed, index):
    """`mix64` of Steele, Lea and Flood 2014, as in `ops/dropout.rs`."""
    z = (seed + (index + 1) * 0x9E3779B97F4A7C15) & ALL
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & ALL
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & ALL
    return z ^ (z >> 31)


def uniform(seed, index):
    return (mix(seed, index) >> 11) / (1 << 53)


def masked(ids, rows, index, epoch, mask, vocabulary):
    """As `masked.rs`: the sub-words as they are seen in an epoch, and the labels."""
    seed = mix(mix(SETTINGS["seed"], 0x4D41534B ^ epoch), index)
    chosen = [at for at in range(len(rows)) if uniform(seed, 3 * at) < SETTINGS["mask"]]
    if not chosen:
        chosen = [min(range(len(rows)), key=lambda at: uniform(seed, 3 * at))]
    ids, labels = list(ids), [-100] * len(ids)
    for at in chosen:
        row = rows[at]
        labels[row], fate = ids[row], uniform(seed, 3 * at + 1)
        if fate < 0.8:
            ids[row] = mask
        elif fate < 0.9:
            ids[row] = int(uniform(seed, 3 * at + 2) * vocabulary)
    return ids, labels


def cut(tokenizer, tokens):
    encoded = tokenizer(tokens, is_split_into_words=True)
    return encoded["input_ids"], encoded.word_ids()


def texts(tokenizer, text, pairs):
    """Ids and the rows that may be masked: of sentences, and of pairs in both orders."""
    items = [cut(tokenizer, tokens) for tokens in text]
    for source, target in pairs:
        sides = cut(tokenizer, source), cut(tokenizer, target)
        for first, second in [sides, sides[::-1]]:
            items.append((first[0] + second[0][1:], first[1] + second[1][1:]))
    return [(ids, [row for row, word in enumerate(words) if word is not None]) for ids, words in items]


def batch(model, tokenizer, items, numbers, epoch):
    drawn = [masked(*items[number], number, epoch, tokenizer.mask_token_id, len(tokenizer)) for number in numbers]
    longest = max(len(ids) for ids, _ in drawn)
    fill = lambda values, value: torch.tensor([row + [value] * (longest - len(row)) for row in values])
    return dict(
        input_ids=fill([ids for ids, _ in drawn], model.config.pad_token_id or 0),
        attention_mask=fill([[1] * len(ids) for ids, _ in drawn], 0),
        labels=fill([labels for _, labels in drawn], -100),
    )


def train(model, tokenizer, items):
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": decayed, "weight_decay": SETTINGS["weight_decay"]}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=SETTINGS["learning_rate"])
    starts = list(range(0, len(items), SETTINGS["batch_size"]))
    steps = len(starts) * SETTINGS["epochs"]
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, SETTINGS["warmup"], steps)
    model.train()
    losses, norms = [], []
    for epoch in range(SETTINGS["epochs"]):
        for start in starts:
            numbers = range(start, min(start + SETTINGS["batch_size"], len(items)))
            loss = model(**batch(model, tokenizer, items, numbers, epoch)).loss
            loss.backward()
            norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), SETTINGS["max_grad_norm"])))
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            losses.append(float(loss.detach()))
    return losses, norms


def lines(path, items):
    path.write_text("".join(json.dumps(item) + "\n" for item in items))


def write(top):
    trained = [" ".join(sentence) for sentence in sentences(4000, seed=1)]
    for index, (name, config, tokenizer, _) in enumerate(checkpoints(trained)):
        folder = top / name
        folder.mkdir(parents=True, exist_ok=True)
        config = without_dropout(config)
        config.vocab_size = len(tokenizer)
        config.id2label, config.label2id = {}, {}
        model = transformers.AutoModelForMaskedLM.from_config(config, attn_implementation="eager")
        random_weights(model, seed=index)
        model.tie_weights()
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        short = [s for s in sentences(600, seed=3) if 4 < len(tokenizer(s, is_split_into_words=True)["input_ids"]) <= 60]
        text, rest = short[:SENTENCES], short[SENTENCES:]
        pairs = list(zip(rest[0 : 2 * PAIRS : 2], rest[1 : 2 * PAIRS : 2]))
        lines(folder / "text.jsonl", text)
        lines(folder / "pairs.jsonl", pairs)
        losses, norms = train(model, tokenizer, texts(tokenizer, text, pairs))
        tensors = {key: value.clone().contiguous() for key, value in model.state_dict().items()}
        save_file(tensors, folder / "reference.safetensors", metadata={"format": "pt"})
        (folder / "reference.json").write_text(json.dumps({**SETTINGS, "losses": losses, "norms": norms}))
        print(f"{name}: {len(losses)} steps, loss {losses[0]:.4f} to {losses[-1]:.4f}", flush=True)


def check(top):
    """Loads what we saved with further pieces: pieces and loss are ours."""
    failed = False
    for folder in sorted(path for path in top.iterdir() if (path / "ours/pieces.json").is_file()):
        ours = folder / "ours"
        told = json.loads((ours / "pieces.json").read_text())
        text = [json.loads(line) for line in open(folder / "text.jsonl")]
        model, report = transformers.AutoModelForMaskedLM.from_pretrained(ours, output_loading_info=True)
        model.eval()
        library = tokenizers.Tokenizer.from_file(str(ours / "tokenizer.json"))
        same = [library.encode(tokens, is_pretokenized=True).ids for tokens in text] == told["ids"]
        tokenizer = transformers.AutoTokenizer.from_pretrained(ours)
        by_transformers = [cut(tokenizer, tokens)[0] for tokens in text] == told["ids"]
        items = [(ids, rows) for ids, rows in zip(told["ids"], told["rows"])]
        total, count = 0.0, 0
        for number in range(len(items)):
            with torch.no_grad():
                one = batch(model, tokenizer, items, [number], ALL)
                kept = int((one["labels"] != -100).sum())
                total, count = total + float(model(**one).loss) * kept, count + kept
        difference = abs(total / count - told["loss"])
        missing = list(report["missing_keys"]) + list(report["unexpected_keys"])
        holds = difference <= MOST and not missing and same
        failed |= not holds
        cuts = f"pieces {'identical' if same else 'DIFFER'} (tokenizers), {'identical' if by_transformers else 'differ'} (AutoTokenizer)"
        print(f"{folder.name}: {type(model).__name__}, {len(told['added'])} new pieces, {cuts}, difference of loss {difference:.1e}",
              "ok" if holds else "FAILED", *missing)
    sys.exit(failed)


if __name__ == "__main__":
    run("adapt", write, check)

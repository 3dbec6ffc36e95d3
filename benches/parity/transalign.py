"""What `transformers` and `peft` make of the encoders of the checkpoints of seq2seq.py, and TransAlign's links of them.

    python benches/parity/seq2seq.py && python benches/parity/transalign.py [FOLDER, default target/parity]

Of every checkpoint `encoder.json`: sentences of words in the languages that it knows, their pieces and hidden states after every
layer, from batches that are padded, and the links of pairs by the formula of the published program (github.com/bebing93/transalign,
`align.py`: softmax of the dot products both ways, both above .001). Beside m2m100 and nllb a folder `NAME-lora` with an adapter of the
encoder as that program trains it (fc1 and fc2), saved by `peft`. Needs torch, transformers, peft, sentencepiece, ctranslate2.
"""

import json
import shutil

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import AutoModel, AutoTokenizer, M2M100Tokenizer, MarianTokenizer

from seq2seq import ROOT, sentences

LANGUAGES = {"nllb": {"en": "eng_Latn", "fr": "fra_Latn"}, "m2m100": {"en": "en", "fr": "fr"}, "marian": {"en": None, "fr": None}}
THRESHOLD = 0.001


def tokenizer(name, folder, language):
    if name == "m2m100":
        return M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "sentencepiece.bpe.model"), src_lang=language)
    if name == "marian":
        return MarianTokenizer(str(folder / "source.spm"), str(folder / "target.spm"), str(folder / "vocab.json"))
    return AutoTokenizer.from_pretrained(folder, src_lang=language)


def cut(name, known, words):
    """Pieces, and the word that each belongs to."""
    if name == "nllb":
        encoded = known(words, is_split_into_words=True)
        return encoded["input_ids"], encoded.word_ids()
    # Tokenisers that are not fast cut word by word, and say no words.
    ids, owners = [], []
    for number, word in enumerate(words):
        pieces = known.convert_tokens_to_ids(known.tokenize(word))
        ids += pieces
        owners += [number] * len(pieces)
    framed = known.build_inputs_with_special_tokens(ids)
    before = framed.index(ids[0]) if name == "marian" and ids else len(framed) - len(ids) - 1
    return framed, [None] * before + owners + [None] * (len(framed) - len(ids) - before)


def encode(encoder, batch, padding):
    """The hidden states after every layer, of a batch that is padded."""
    longest = max(map(len, batch))
    ids = torch.tensor([row + [padding] * (longest - len(row)) for row in batch])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in batch])
    states = encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    return [[layer[number, :len(row)] for layer in states] for number, row in enumerate(batch)]


def links(one, other, threshold):
    """Of the states and words of two sentences the links as `align.py` finds them."""
    (x, x_words), (y, y_words) = one, other
    similarity = x @ y.T
    found = (torch.softmax(similarity, dim=1) > threshold) & (torch.softmax(similarity, dim=0) > threshold)
    return sorted({(x_words[i], y_words[j]) for i, j in torch.nonzero(found).tolist()})


def reference(name, folder, encoder, padding):
    pairs, told = [], []
    cutters = {code: tokenizer(name, ROOT / name, language) for code, language in LANGUAGES[name].items()}
    lines = [line.split() for line in sentences(80, seed=5)]
    for number in range(0, len(lines), 2):
        sides = [{"lang": code, "words": words} for code, words in zip(["en", "fr"], lines[number:number + 2])]
        for side in sides:
            side["ids"], side["owners"] = cut(name, cutters[side["lang"]], side["words"])
        # Longer than the network takes: in windows, which the published program has not.
        if max(len(side["ids"]) for side in sides) <= 60:
            pairs.append(sides)
    for start in range(0, len(pairs), 5):
        batch = [side for sides in pairs[start:start + 5] for side in sides]
        for side, states in zip(batch, encode(encoder, [side["ids"] for side in batch], padding)):
            side["states"] = states
    for sides in pairs:
        inner = []
        for side in sides:
            kept = [at for at, word in enumerate(side["owners"]) if word is not None]
            # Wide states: divided so that not all probabilities are 0 or 1, in double precision.
            inner.append((side["states"][-1][kept].double(), [side["owners"][at] for at in kept]))
        told.append({
            "sides": [{"lang": s["lang"], "words": s["words"], "ids": s["ids"], "owners": s["owners"],
                       "layers": [layer.double().flatten().tolist() for layer in s["states"]]} for s in sides],
            "sure": links(*inner, THRESHOLD * 1.001), "possible": links(*inner, THRESHOLD * 0.999),
        })
    (folder / "encoder.json").write_text(json.dumps(told), encoding="utf-8")
    print(f"{folder}: {len(told)} pairs, {sum(len(pair['sure']) for pair in told)} links", flush=True)


def main():
    for name in LANGUAGES:
        folder = ROOT / name
        encoder = AutoModel.from_pretrained(folder).eval().get_encoder()
        padding = json.loads((folder / "config.json").read_text())["pad_token_id"]
        reference(name, folder, encoder, padding)
        if name == "marian":
            continue
        into = ROOT / f"{name}-lora"
        shutil.rmtree(into, ignore_errors=True)
        config = LoraConfig(task_type=TaskType.FEATURE_EXTRACTION, r=4, lora_alpha=16, target_modules=["fc1", "fc2"])
        adapted = get_peft_model(encoder, config).eval()
        chance = torch.Generator().manual_seed(11)
        for weight_name, weight in adapted.named_parameters():
            if "lora_" in weight_name:
                weight.copy_(torch.randn(weight.shape, generator=chance) * 0.3)
        adapted.save_pretrained(into)
        said = json.loads((into / "adapter_config.json").read_text())
        said["base_model_name_or_path"] = f"../{name}"
        (into / "adapter_config.json").write_text(json.dumps(said))
        again = PeftModel.from_pretrained(AutoModel.from_pretrained(folder).eval().get_encoder(), into).eval()
        reference(name, into, again, padding)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.no_grad():
        main()

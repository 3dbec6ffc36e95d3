"""Tokenisers of XLM-R and NLLB-200 that are SentencePiece models alone, with what `transformers` and SentencePiece make of 1,000 sentences.

    python benches/parity/pieces.py [FOLDER]        # target/parity/pieces
    XLNER_PARITY=target/parity cargo test -p xlner-models --features transformers --test pieces

Needs transformers and sentencepiece. The models are trained here, on other sentences in 20 scripts.
"""

import json
import os
import sys
from pathlib import Path

import sentencepiece
import transformers

from text import sentences


def train(folder, text, kind):
    """A SentencePiece model, with the normalisation that XLM-R and NLLB-200 have."""
    folder.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text), model_prefix=str(folder / "spm"), vocab_size=2000, model_type=kind, character_coverage=0.998,
        normalization_rule_name="nmt_nfkc", minloglevel=2,
    )
    (folder / "spm.vocab").unlink()
    (folder / "spm.model").rename(folder / "sentencepiece.bpe.model")
    return sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.bpe.model"))


def numbers(model, text):
    """As fairseq numbers pieces: four special ones first; unknown is 3."""
    return [3 if number == model.unk_id() else number + 1 for number in model.encode(text)]


def main():
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    top = Path(sys.argv[1]) if len(sys.argv) > 1 else target / "parity/pieces"
    text = [" ".join(sentence) for sentence in sentences(4000, seed=1)]
    odd = [["ﬁne", "Ａ１", "x\u0301", "½", "a\u00a0b", "…"], ["<s>x", "☃", "☃☃"], ["\u200b", "end"]]
    tested = sentences(1000, seed=2) + odd

    folder = top / "xlm-roberta"
    model = train(folder, text, "unigram")
    fast = transformers.XLMRobertaTokenizer.from_pretrained(folder)
    differ = 0
    with open(folder / "reference.jsonl", "w") as file:
        for tokens in tested:
            encoded = fast(tokens, is_split_into_words=True)
            slow = [0] + [number for token in tokens for number in numbers(model, token)] + [2]
            differ += slow != encoded["input_ids"]
            file.write(json.dumps({"tokens": tokens, "ids": encoded["input_ids"], "words": encoded.word_ids(), "slow": slow}) + "\n")
    print(f"xlm-roberta: {len(fast)} pieces, {len(tested)} sentences; in {differ} transformers differs from SentencePiece")

    folder = top / "nllb"
    model = train(folder, text, "bpe")
    fast = transformers.NllbTokenizer.from_pretrained(folder, src_lang="eng_Latn", tgt_lang="fra_Latn")
    differ = 0
    with open(folder / "reference.jsonl", "w") as file:
        for tokens in tested:
            given = " ".join(tokens)
            ids = fast(given)["input_ids"]
            slow = [ids[0]] + numbers(model, given) + [2]
            differ += slow != ids
            decoded = fast.decode(ids, skip_special_tokens=True)
            file.write(json.dumps({"text": given, "ids": ids, "slow": slow, "decoded": decoded}) + "\n")
    print(f"nllb: {len(fast)} tokens, {len(tested)} sentences; in {differ} transformers differs from SentencePiece")


if __name__ == "__main__":
    main()

"""Tokenisers that are no tokenizer.json: SentencePiece models alone (XLM-R, DeBERTa-v2 and v3, NLLB-200), lists of pieces and merges
(RoBERTa, DeBERTa), with what `transformers` and SentencePiece make of 1,000 sentences.

    python benches/parity/pieces.py [FOLDER]        # target/parity/pieces
    XLNER_PARITY=target/parity cargo test -p xlner-neural --test it pieces::

Needs transformers and sentencepiece. The models are trained here, on other sentences in 20 scripts.
"""

import json
import os
import sys
from pathlib import Path

import sentencepiece
import transformers
from transformers.convert_slow_tokenizer import DebertaV2Converter

from encoders import byte_level
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


def train_deberta(folder, text, options, normalisation):
    """A folder as the Hub has those of DeBERTa-v3: special pieces in the model, [MASK] in a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text), model_prefix=str(folder / "spm"), vocab_size=2000, character_coverage=0.998, minloglevel=2,
        normalization_rule_name=normalisation, pad_id=0, bos_id=1, eos_id=2, unk_id=3,
        pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]", user_defined_symbols=["<extra_id_0>"],
    )
    (folder / "spm.vocab").unlink()
    for name, content in {"config": {"model_type": "deberta-v2"}, "tokenizer_config": options, "added_tokens": {"[MASK]": 2000}}.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model"))


def converted(folder, model, options):
    """The tokeniser as `transformers` converts it (`DebertaV2Converter`), which gives it to versions before 5."""

    class Slow:
        vocab_file = str(folder / "spm.model")
        do_lower_case, split_by_punct = options["do_lower_case"], options.get("split_by_punct", False)
        convert_tokens_to_ids = staticmethod(model.piece_to_id)

    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=DebertaV2Converter(Slow).converted(),
        cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", unk_token="[UNK]", mask_token="[MASK]",
    )


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

    for name, options, normalisation in [
        ("deberta-v3", {"do_lower_case": False, "vocab_type": "spm"}, "nmt_nfkc"),
        ("deberta-v3-lower", {"do_lower_case": True, "split_by_punct": True, "vocab_type": "spm"}, "identity"),
    ]:
        folder = top / name
        model = train_deberta(folder, text, options, normalisation)
        fast, newest = converted(folder, model, options), transformers.DebertaV2Tokenizer.from_pretrained(folder)
        differ = other = 0
        with open(folder / "reference.jsonl", "w") as file:
            for tokens in tested:
                encoded = fast(tokens, is_split_into_words=True)
                slow = [1] + [number for token in tokens for number in model.encode(token)] + [2]
                differ += slow != encoded["input_ids"]
                other += newest(tokens, is_split_into_words=True)["input_ids"] != encoded["input_ids"]
                file.write(json.dumps({"tokens": tokens, "ids": encoded["input_ids"], "words": encoded.word_ids(), "slow": slow}) + "\n")
        print(f"{name}: {len(fast)} pieces, {len(tested)} sentences; the conversion of transformers differs in {differ} from "
              f"SentencePiece and in {other} from DebertaV2Tokenizer of {transformers.__version__}")

    for name, kind, special, ends in [
        ("roberta", transformers.RobertaTokenizer, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], ("<s>", "</s>")),
        ("deberta-v1", transformers.DebertaTokenizer, ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"], ("[CLS]", "[SEP]")),
    ]:
        folder = top / name
        folder.mkdir(parents=True, exist_ok=True)
        byte_level(text, special, *ends).backend_tokenizer.model.save(str(folder))
        fast = kind.from_pretrained(folder, add_prefix_space=True)
        with open(folder / "reference.jsonl", "w") as file:
            for tokens in tested:
                encoded = fast(tokens, is_split_into_words=True)
                file.write(json.dumps({"tokens": tokens, "ids": encoded["input_ids"], "words": encoded.word_ids()}) + "\n")
        print(f"{name}: {len(fast)} pieces, {len(tested)} sentences")

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

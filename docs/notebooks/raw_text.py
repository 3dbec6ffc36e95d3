# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # Raw text → a tagger
#
# Swahili text, no annotations, and something that translates into English: that is enough for a tagger. The translations are tagged
# by the built-in English tagger, the entities are projected back, and a tagger is trained on what comes out.

# %%
from pathlib import Path

import xlner

folder = next(path / "samples" for path in [Path.cwd(), *Path.cwd().parents] if (path / "samples").exists())
english, swahili = xlner.read(folder / "en.conll"), xlner.read(folder / "sw.conll")
texts = [sentence["text"] for sentence in swahili]
texts[:3]

# %% [markdown]
# A translator is a function of a list of texts. This one looks them up; yours may ask a server, or a model of `transformers`.

# %%
known = dict(zip(texts, (sentence["text"] for sentence in english), strict=True))


def translate(batch: list[str]) -> list[str]:
    return [known[text] for text in batch]


labelled = xlner.label(texts, lang="sw", translator=translate)
labelled[:3]

# %% [markdown]
# A tagger of the first 50 sentences, tried on the last 16, which it has not seen. Fifty sentences are few; it learns what it can.

# %%
import tempfile

with tempfile.TemporaryDirectory() as made:
    tagger = xlner.Tagger.train(labelled[:50], Path(made, "sw.tagger"))
    found = tagger.tag([{"tokens": sentence["tokens"]} for sentence in swahili[50:]])
found[0]

# %% [markdown]
# How good are the labels, and how good is the tagger? The samples have gold entities (`PER`, `LOC`, `ORG`, `MISC`; the English tagger
# knows no `MISC`).

# %%
xlner.evaluate(swahili, labelled, ignore=["MISC"])

# %%
xlner.evaluate(swahili[50:], found, ignore=["MISC"])

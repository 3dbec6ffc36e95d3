# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # Compare methods
#
# The same pairs, projected in several ways, and compared with the entities that the translations really have.

# %%
from pathlib import Path

import xlner

folder = next(path / "samples" for path in [Path.cwd(), *Path.cwd().parents] if (path / "samples").exists())


def pairs_of(language: str) -> tuple[list[dict], list[dict]]:
    english, target = xlner.read(folder / "en.conll"), xlner.read(folder / f"{language}.conll")
    pairs = zip(english, target, strict=True)
    return [{"source": source, "target": {"tokens": gold["tokens"]}} for source, gold in pairs], target


# %% [markdown]
# Links are made once, by an aligner trained on the pairs; with links the score is `align`, without them `span`, which looks at the whole
# corpus.

# %%
def methods(pairs: list[dict]) -> dict[str, xlner.Pairs]:
    linked = xlner.Aligner.train(pairs).align(pairs)
    return {
        "span": xlner.project(pairs),
        "links, matching": xlner.project(linked),
        "links, heuristic": xlner.project(linked, method="heuristic"),
    }


pairs, gold = pairs_of("sw")
compared = xlner.evaluate(gold, methods(pairs))
compared

# %% [markdown]
# Differences between the systems, with their p-values (approximate randomisation):

# %%
[{name: row[name] for name in row if not isinstance(row[name], dict)} for row in compared["comparisons"]]

# %% [markdown]
# And the same in other languages, as a picture: F1 with its 95 % interval.

# %%
from IPython.display import SVG

languages = ["sw", "hi", "ar"]
figures = {language: xlner.evaluate(pairs_of(language)[1], methods(pairs_of(language)[0])) for language in languages}


def picture() -> str:
    colours, rows, y = ["#3b6fb6", "#d98324", "#5a9a4a"], [], 20
    for language, evaluation in figures.items():
        for colour, system in zip(colours, evaluation["systems"], strict=True):
            f1, (low, high) = system["micro"]["f1"], system["ci95"]["f1"]
            rows.append(
                f'<text x="4" y="{y + 11}" font-size="11">{language}, {system["name"]}</text>'
                f'<rect x="150" y="{y}" width="{400 * f1:.0f}" height="14" fill="{colour}"/>'
                f'<line x1="{150 + 400 * low:.0f}" x2="{150 + 400 * high:.0f}" y1="{y + 7}" y2="{y + 7}" stroke="#222"/>'
                f'<text x="560" y="{y + 11}" font-size="11">{f1:.3f}</text>'
            )
            y += 20
        y += 10
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="620" height="{y}" font-family="sans-serif">{"".join(rows)}</svg>'


SVG(picture())

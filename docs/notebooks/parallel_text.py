# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # Parallel text → entities
#
# English sentences whose entities are known, and their Swahili translations: 66 of them come with xlner. The entities are put where
# they belong in the translation, by links between the words, which the built-in aligner learns from these very pairs.

# %%
from pathlib import Path

import xlner

folder = next(path / "samples" for path in [Path.cwd(), *Path.cwd().parents] if (path / "samples").exists())
english, swahili = xlner.read(folder / "en.conll"), xlner.read(folder / "sw.conll")
pairs = [
    {"id": f"s{at}", "source": source, "target": {"lang": "sw", "tokens": target["tokens"]}}
    for at, (source, target) in enumerate(zip(english, swahili, strict=True), 1)
]
pairs[0]

# %% [markdown]
# One call projects. What comes back shows itself: both sentences, their entities, and the links that were used.

# %%
projected = xlner.project(pairs)
projected[:4]

# %% [markdown]
# `report` has the figures of the run; an entity that could not be placed has a reason.

# %%
{name: projected.report[name] for name in ("sentences", "source_entities", "projected", "unprojected")}

# %% [markdown]
# Each entity says which source entity it comes `from`, how good the match is (`score`), and how much worse the best assignment without
# it would be (`margin`). The least sure ones are worth a look:

# %%
doubtful = sorted(projected, key=lambda pair: min((e["margin"] for e in pair["target"]["entities"]), default=99))
xlner.Pairs(doubtful[:3])

# %% [markdown]
# The Swahili sentences have entities of their own, which the projection did not see. Compared with them:

# %%
xlner.evaluate(swahili, projected)

# %% [markdown]
# The result is training data: `xlner.write(projected, "sw.conll")` writes it in any format that xlner knows.

# %%
import tempfile

with tempfile.TemporaryDirectory() as made:
    xlner.write(projected, Path(made, "sw.conll"))
    print("".join(Path(made, "sw.conll").read_text().splitlines(keepends=True)[:8]))

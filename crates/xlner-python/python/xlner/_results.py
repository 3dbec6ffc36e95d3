"""Results that show themselves in notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, SupportsIndex, overload

_COLORS = ("#cfe8ff", "#ffe0b3", "#d9f2d0", "#f3d1f4", "#fff3a6", "#d7d7f7")
#: Pairs of a list that are shown.
_SHOWN = 10


class Pair(dict[str, Any]):
    """A pair of sentences: a ``dict`` with the fields of the record."""

    def _repr_html_(self) -> str:
        return _pair(self)


class Pairs(list[Pair]):
    """Pairs: a ``list``, and what working on them came to."""

    def __init__(self, pairs: Iterable[Mapping[str, Any]] = (), report: Mapping[str, Any] | None = None) -> None:
        super().__init__(pair if isinstance(pair, Pair) else Pair(pair) for pair in pairs)
        #: Figures, as ``xlner project --report`` writes them.
        self.report: dict[str, Any] = dict(report or {})

    def __reduce__(self) -> tuple[object, ...]:
        return (Pairs, (list(self), self.report))

    def _repr_html_(self) -> str:
        shown = "".join(_pair(pair) for pair in self[:_SHOWN])
        more = f"<p>… and {len(self) - _SHOWN} more</p>" if len(self) > _SHOWN else ""
        return f"<div>{shown}{more}</div>"

    @overload
    def __getitem__(self, index: SupportsIndex) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> Pairs: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Pair | Pairs:
        return Pairs(super().__getitem__(index)) if isinstance(index, slice) else super().__getitem__(index)


class Evaluation(dict[str, Any]):
    """Figures: a ``dict`` with the fields that ``xlner eval --json`` prints."""

    @property
    def f1(self) -> float:
        """Micro F1 of the only system, 0 to 1."""
        found: float = self["micro"]["f1"]
        return found

    def _repr_html_(self) -> str:
        head = "<tr><th></th><th>precision</th><th>recall</th><th>F1</th><th>gold</th><th>predicted</th></tr>"
        rows = []
        for system in self.get("systems", [self]):
            name = system.get("name", "")
            for label, scores in [*sorted(system["types"].items()), ("all", system["micro"])]:
                figures = "".join(f"<td>{scores[field]:.4f}</td>" for field in ("precision", "recall", "f1"))
                counts = f"<td>{scores['support']}</td><td>{scores['predicted']}</td>"
                rows.append(f"<tr><th>{escape(f'{name} {label}'.strip())}</th>{figures}{counts}</tr>")
        return f"<table><caption>{escape(self['signature'])}</caption>{head}{''.join(rows)}</table>"


class Report(str):
    """A report: the text of one HTML page that needs nothing else."""

    def save(self, path: Any) -> None:
        """Writes it to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self)

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self)}" style="width:100%;height:40em;border:0"></iframe>'


def _color(label: str) -> str:
    return _COLORS[sum(map(ord, label)) % len(_COLORS)]


def _sentence(sentence: Mapping[str, Any]) -> tuple[str, list[float]]:
    """The tokens of a sentence with its entities, as text of SVG, and the middle of each token."""
    tokens = sentence.get("tokens") or [sentence.get("text", "")]
    of = {at: entity for entity in sentence.get("entities") or [] for at in range(entity["start"], entity["end"])}
    parts, middles, x = [], [], 6.0
    for at, token in enumerate(tokens):
        width = 8.2 * max(len(token), 1)
        entity = of.get(at)
        if entity is not None:
            wide = width + (9 if at + 1 in of and of[at + 1] is entity else 4)
            parts.append(f'<rect x="{x - 2:.1f}" y="-15" width="{wide:.1f}" height="21" fill="{_color(entity["label"])}"/>')
            if at == entity["start"]:
                parts.append(f'<text x="{x:.1f}" y="-19" font-size="9" fill="#555">{escape(entity["label"])}</text>')
        parts.append(f'<text x="{x:.1f}" y="0" textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs">{escape(token)}</text>')
        middles.append(x + width / 2)
        x += width + 9
    return "".join(parts), [*middles, x]


def _pair(pair: Mapping[str, Any]) -> str:
    """Both sentences, one above the other, with entities in colour and lines between linked words."""
    (above, tops), (below, bottoms) = _sentence(pair["source"]), _sentence(pair["target"])
    lines = "".join(
        f'<line x1="{tops[link[0]]:.1f}" y1="38" x2="{bottoms[link[1]]:.1f}" y2="92" stroke="#888" stroke-width="1"/>'
        for link in pair.get("alignment") or []
    )
    width = max(tops[-1], bottoms[-1])
    id = f"<small>{escape(str(pair['id']))}</small>" if pair.get("id") not in (None, "") else ""
    return (
        f'<div>{id}<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="120" font-family="monospace" '
        f'font-size="13"><g transform="translate(0 30)">{above}</g>{lines}<g transform="translate(0 112)">{below}</g></svg></div>'
    )

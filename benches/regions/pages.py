"""Pages of our own text, drawn, read by Tesseract and by `xlner convert`: does every token know its box, does the text agree?

    apt-get install tesseract-ocr tesseract-ocr-{swa,yor,amh,eus,cym,bre} fonts-dejavu-core fonts-noto-core
    pip install pillow
    python benches/regions/pages.py --xlner target/release/xlner -o pages.md

Languages whose model is not installed are named and left out. Agreement is 1 - edit distance / length, in characters (NFC), white
space left out. Tesseract's own plain text is compared too: what it misreads (its Basque, Breton and Yoruba are weak) is no fault of
the reader. The script fails where ours agrees with the page in less than 95 % of characters and in less than Tesseract's own text
does, or where a token has no box or one outside of the page.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[2]
SIZE, MARGIN, POINTS, WIDTH = (1700, 2200), 120, 40, 62
FORMATS = {"hocr": "hocr", "alto": "xml"}
ENOUGH = 0.95

# Our own sentences, language by language: code, Tesseract's model, font.
TEXTS = {
    ("yo", "yor", "DejaVuSans.ttf"): "Ààrẹ Adé Bákàrè ṣe àbẹ̀wò sí Èkó ní oṣù Kẹta. Ó bá àwọn olùkọ́ sọ̀rọ̀ ní Yunifásítì Ìbàdàn.",
    ("am", "amh", "NotoSansEthiopic-Regular.ttf"): "አስቴር በቀለ ትናንት ወደ አዲስ አበባ ሄደች። የኢትዮጵያ መንግሥት አዲስ ትምህርት ቤት ሠራ።",
    ("eu", "eus", "NotoSerif-Regular.ttf"): "Mikel Agirre Bilbora joan zen atzo goizean. Euskal Herriko Unibertsitateak ikastaro berria antolatu du Donostian.",
    ("cy", "cym", "DejaVuSans.ttf"): "Aeth Carys Evans i Gaerdydd ddoe. Mae Prifysgol Aberystwyth wedi agor llyfrgell newydd ger yr afon.",
    ("br", "bre", "NotoSerif-Regular.ttf"): "Aet eo Yann Kerrien da Vrest dec'h. Skol-veur Roazhon he deus digoret ul levraoueg nevez.",
}


def sample(lang: str, count: int) -> str:
    """The first sentences of the bundled sample, spaced as they are printed."""
    blocks = (ROOT / f"samples/{lang}.conll").read_text(encoding="utf-8").strip().split("\n\n")
    sentences = [" ".join(line.split("\t")[0] for line in block.splitlines()) for block in blocks[:count]]
    text = " ".join(sentences)
    for mark in ".,;:?!":
        text = text.replace(f" {mark}", mark)
    return text


def draw(text: str, font: str, path: Path) -> None:
    """A white page with the text in lines."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + len(word) >= WIDTH:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    image = Image.new("L", SIZE, 255)
    text = "\n".join([*lines, line])
    ImageDraw.Draw(image).multiline_text((MARGIN, MARGIN), text, font=ImageFont.truetype(font, POINTS), spacing=24)
    image.save(path, dpi=(200, 200))


def distance(a: str, b: str) -> int:
    """Edit distance in characters."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(diagonal + (x != y), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def agreement(read: str, drawn: str) -> float:
    """Characters that agree, as a share of those drawn."""
    read, drawn = ("".join(unicodedata.normalize("NFC", text).split()) for text in (read, drawn))
    return 1 - distance(read, drawn) / len(drawn)


def boxed(sentences: list[dict]) -> tuple[int, int]:
    """Tokens, and those whose box is on the page."""
    regions = [region for sentence in sentences for region in sentence["regions"]]
    assert all(len(sentence["regions"]) == len(sentence["tokens"]) for sentence in sentences)
    inside = lambda box: 0 <= box[0] < box[2] <= SIZE[0] and 0 <= box[1] < box[3] <= SIZE[1]
    return len(regions), sum(region is not None and "bbox" in region and inside(region["bbox"]) for region in regions)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--xlner", default="xlner", help="the command")
    parser.add_argument("-o", "--output", type=Path, help="where the table goes [default: standard output]")
    args = parser.parse_args()
    models = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=True).stdout.split()
    texts = {("sw", "swa", "DejaVuSans.ttf"): sample("sw", 16), ("en", "eng", "DejaVuSans.ttf"): sample("en", 16), **TEXTS}
    table = ["| language | format | sentences | tokens | with a box | characters that agree | in Tesseract's plain text |",
             "|---|---|---:|---:|---:|---:|---:|"]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page"
        for (lang, model, font), text in texts.items():
            if model not in models:
                print(f"skipped: {lang}, Tesseract has no model {model}", file=sys.stderr)
                continue
            draw(text, font, page.with_suffix(".png"))
            kinds = [part for kind in [*FORMATS, "txt"] for part in ("-c", f"tessedit_create_{kind}=1")]
            environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
            command = ["tesseract", f"{page}.png", str(page), "-l", model, "--psm", "6", *kinds]
            subprocess.run(command, check=True, capture_output=True, env=environment)
            plain = agreement(page.with_suffix(".txt").read_text(encoding="utf-8"), text)
            for kind, suffix in FORMATS.items():
                output = page.with_suffix(".jsonl")
                command = [args.xlner, "convert", f"{page}.{suffix}", "--from-format", kind, "--lang", lang, "-o", str(output)]
                subprocess.run(command, check=True)
                sentences = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
                tokens, with_box = boxed(sentences)
                ours = agreement(" ".join(sentence["text"] for sentence in sentences), text)
                failed |= with_box < tokens or ours < min(ENOUGH, plain)
                table.append(f"| {lang} | {kind} | {len(sentences)} | {tokens} | {with_box} | {ours:.1%} | {plain:.1%} |")
    text = "\n".join(table) + "\n"
    if args.output:
        args.output.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

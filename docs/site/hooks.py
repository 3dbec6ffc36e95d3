"""Pages of the site that are made of what is there: sections of README, and the help of the command.

The command is `$XLNER`, else the binary that was built last in target/, else `xlner` on the path.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://github.com/xlner/xlner/blob/main/"
#: Pages, and the sections of README that they hold: the first, and the one behind the last; `None` for its beginning.
SECTIONS = {
    "index.md": (None, "Tour"),
    "tour.md": ("Tour", "Formats"),
    "formats.md": ("Formats", "Methods"),
    "methods.md": ("Methods", "Figures"),
}
log = logging.getLogger("mkdocs.hooks.xlner")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are made."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = {name: section(readme, *ends) for name, ends in SECTIONS.items()}
    pages["cli.md"] = commands()
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Points links to files of the repository at the repository; those of README were relative to its folder."""
    base = ROOT if page.file.src_uri in SECTIONS else ROOT / "docs"

    def link(match: re.Match[str]) -> str:
        target, anchor = match[2], match[3] or ""
        if re.match(r"[a-z]+:|/", target) or not target:
            return match[0]
        path = (base / target).resolve()
        if path.is_relative_to(ROOT / "docs") and not path.is_relative_to(ROOT / "docs" / "site"):
            own = (ROOT / "docs" / page.file.src_uri).parent
            return f"{match[1]}({os.path.relpath(path, own)}{anchor})"
        if not path.exists():
            log.warning("%s: there is no %s in the repository", page.file.src_uri, target)
        return f"{match[1]}({REPOSITORY}{path.relative_to(ROOT)}{anchor})"

    return re.sub(r"(\[(?:[^\[\]]|\[[^\]]*\])*\])\(([^)#\s]*)(#[^)\s]*)?\)", link, markdown)


def section(readme: str, first: str | None, behind: str) -> str:
    """What README says from one heading to another, as a page of its own."""
    start = 0 if first is None else readme.index(f"\n## {first}\n") + 1
    text = readme[start : readme.index(f"\n## {behind}\n")]
    # Headings of a section become those of a page.
    return text if first is None else re.sub(r"^#(#+ )", r"\1", text, flags=re.M)


def commands() -> str:
    """The help of all commands."""
    names = re.findall(r"^  ([a-z-]+)  ", run("help").partition("Commands:")[2].partition("\n\n")[0], re.M)
    parts = ["# The command\n", "What `xlner COMMAND --help` prints.\n", block(run("--help"))]
    for name in names:
        if name in ("help", "completions", "man"):
            continue
        parts += [f"## {name}\n", block(run(name, "--help"))]
        for own in re.findall(r"^  ([a-z-]+)  ", run(name, "--help").partition("Commands:")[2].partition("\n\n")[0], re.M):
            if own != "help":
                parts += [f"### {name} {own}\n", block(run(name, own, "--help"))]
    return "\n".join(parts)


def block(text: str) -> str:
    """Text as it is."""
    return f"```text\n{text.strip()}\n```\n"


def run(*arguments: str) -> str:
    """What the command prints."""
    built = [ROOT / "target" / profile / "xlner" for profile in ("release", "debug")]
    there = sorted((path for path in built if path.exists()), key=lambda path: path.stat().st_mtime)
    command = os.environ.get("XLNER") or (str(there[-1]) if there else shutil.which("xlner"))
    if command is None:
        raise PluginError("there is no xlner whose help the site could show: cargo build --release, or XLNER=path/of/xlner")
    return subprocess.run([command, *arguments], check=True, capture_output=True, text=True).stdout

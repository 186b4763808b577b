"""What the documentation needs beyond its pages: the gallery, and the certainty that nothing is loaded from outside."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import public_names  # beside this file; mkdocs looks there
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

from borderreach.maps.page._offline import external_references

GALLERY = Path(os.environ.get("BORDERREACH_GALLERY", "out/gallery"))
MARK = "<!-- gallery -->"
#: What a reader may open of a study.
KINDS = ("map.html", "picture.png", "report.html", "report.docx", "results.gpkg", "manifest.json")


def on_files(files: Files, config: Any, **_: Any) -> Files:
    """Put each study's map, picture, report and tables among the files of the site."""
    for folder in sorted(path for path in GALLERY.glob("*/") if (path / "card.json").is_file()):
        for kind in [kind for kind in KINDS if (folder / kind).is_file()]:
            uri = f"gallery/{folder.name}/{kind}"
            files.append(File.generated(config, uri, abs_src_path=str((folder / kind).resolve())))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Put the cards where a page asks for them; links out of the documentation become their text."""
    if MARK in markdown:
        cards = GALLERY / "cards.html"
        if not cards.is_file():
            raise PluginError(
                f"{page.file.src_uri} shows the gallery, but there is no {cards}: run tasks.py docs"
            )
        links = re.sub(r'(href|src)="', r'\1="gallery/', cards.read_text(encoding="utf-8"))
        markdown = markdown.replace(MARK, links)
    if public_names.FULL in markdown:
        grouped = (Path(config["docs_dir"]) / "reference.md").read_text(encoding="utf-8")
        markdown = markdown.replace(public_names.FULL, public_names.entries(grouped))
    markdown = public_names.lists(markdown)
    return (
        re.sub(r"\[([^\]]*)\]\(\.\./[^)]*\)", r"\1", markdown) if "/" not in page.file.src_uri else markdown
    )


def on_post_build(config: Any, **_: Any) -> None:
    """Stop the build if a page loads anything from a server."""
    for page in sorted(Path(config["site_dir"]).rglob("*.html")):
        found = external_references(page.read_text(encoding="utf-8"))
        remote = [address for address in found if re.match(r"(https?:)?//", address)]
        if remote:
            raise PluginError(f"{page} loads {remote[0]} from outside")

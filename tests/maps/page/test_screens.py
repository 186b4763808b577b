"""What the map looks like, against pictures that are kept.

Pictures are compared small and blurred, because fonts differ between machines. After a change that is meant
to be seen: ``BORDERREACH_KEEP_SCREENS=1 python -m pytest tests/maps/page/test_screens.py``, and look at the new ones.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

pytestmark = pytest.mark.browser

KEPT = Path(__file__).parent / "screens"
WIDTH = 420
#: A difference in one colour, of 255, that counts.
SEEN = 14
#: Name: window, what is done before, whether panels and names are shown, and the share of the picture
#: that may differ; without text, machines differ by the smoothing of edges only.
STATES: dict[str, tuple[tuple[int, int], str, bool, float]] = {
    "compare": ((1400, 1000), "", False, 0.005),
    "after": ((1400, 1000), "scene.setView('after')", False, 0.005),
    "split": ((1400, 1000), "scene.recolour('base:520100'); scene.setView('split')", False, 0.005),
    "slider": ((1400, 1000), "scene.setMinutes(90); scene.select(500110)", False, 0.005),
    "rail": (
        (1400, 1000),
        "['base', 'gained'].forEach(c => scene.toggle('rail-120-' + c, true))",
        False,
        0.005,
    ),
    "indicators": (
        (1400, 1000),
        "scene.recolour('after:~type'); ['crossings', 'gaps', 'claims'].forEach(id => scene.toggle(id, true))",
        False,
        0.008,
    ),
    "desktop": ((1400, 1000), "scene.recolour('gain:500000'); scene.select(500110)", True, 0.06),
    "phone": ((390, 844), "", True, 0.12),
    "print": ((1040, 710), "window.dispatchEvent(new Event('beforeprint'))", True, 0.06),
}
BARE = ".leaflet-control-container, .leaflet-marker-pane, .br-split { display: none !important }"


def small(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    return picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)


def difference(one: Image.Image, other: Image.Image) -> float:
    blurred = [np.asarray(each.filter(ImageFilter.BoxBlur(3)), dtype=float) for each in (one, other)]
    return float((np.abs(blurred[0] - blurred[1]).max(axis=2) > SEEN).mean())


def shows_chinese(page: Any) -> bool:
    """Tell whether two characters look different, rather than both like a missing one."""
    draw = """character => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
        const context = canvas.getContext("2d");
        context.font = "30px sans-serif";
        context.fillText(character, 2, 32);
        return canvas.toDataURL();
    }"""
    return bool(page.evaluate(draw, "重") != page.evaluate(draw, "一"))


@pytest.mark.parametrize("name", STATES)
def test_the_map_looks_as_it_did(results: SimpleNamespace, show: Any, name: str) -> None:
    (width, height), script, with_text, allowed = STATES[name]
    opened = show(results, width=width, height=height)
    opened.page.evaluate(f"(() => {{ const scene = borderreach.scene; {script} }})()")
    if name == "print":
        opened.page.emulate_media(media="print")
    if not with_text:
        opened.page.add_style_tag(content=BARE)
    elif not shows_chinese(opened.page):
        pytest.skip("the browser has no Chinese font (Debian: apt install fonts-noto-cjk)")
    picture = small(opened.page.screenshot())
    file = KEPT / f"{name}.png"
    if os.environ.get("BORDERREACH_KEEP_SCREENS"):
        picture.quantize(160, kmeans=3).save(file, optimize=True)
    kept = small(file.read_bytes())
    assert kept.size == picture.size
    assert difference(kept, picture) <= allowed
    assert file.stat().st_size < 100_000


def test_the_measure_sees_a_layer_that_is_missing(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    opened.page.evaluate(
        "['base', 'gained'].forEach(c => borderreach.scene.toggle('circle-120-' + c, false))"
    )
    opened.page.add_style_tag(content=BARE)
    kept = small((KEPT / "compare.png").read_bytes())
    assert difference(kept, small(opened.page.screenshot())) > 5 * STATES["compare"][3]

"""Render folium's elements with every text in them left as it is."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, Final

import folium
from branca import element as branca_elements
from branca.element import Element, Figure, Html

from ...geo.errors import OutputError

#: What branca makes of a text.
_compile: Final = vars(branca_elements)["Template"]
#: Whether this thread (or task) is rendering a page of ours.
_rendering: ContextVar[bool] = ContextVar("rendering", default=False)
_lock: Final = threading.RLock()
#: What ends a script, or opens what a browser takes for its beginning, wherever it stands in a script.
_SCRIPT_TAG: Final = re.compile(r"<(?=/script|script|!--)", re.IGNORECASE)
#: What ends a JavaScript text between backticks, or computes something in it.
_IN_BACKTICKS: Final = {ord("\\"): "\\\\", ord("`"): "\\`", ord("$"): "\\x24"}
#: As folium has it in popups: a backslash before each backtick that has none.
_ESCAPED_BACKTICK: Final = re.compile(r"(?<!\\)\\`")


def rendered(m: Element) -> str:
    """Return the page of a folium map, in which no text is taken for a template or for a script.

    branca compiles what a map's elements give as a template once more, so that signs of Jinja in a name would
    be executed. Here nothing is compiled that isn't an element's own template: not what an element gives, and not
    a text handed to `branca.element.Element` or `folium.IFrame` (a template of one's own goes into the attribute
    ``_template`` of a subclass of `branca.element.MacroElement`). Tooltips and popups stay the HTML that folium
    documents, but can't end the script that they stand in. The map is left as it was.

    Parameters
    ----------
    m : branca.element.Element
        In a figure.

    Returns
    -------
    str

    Raises
    ------
    OutputError
        If the installed branca can't be kept from compiling texts.
    """
    figure = m.get_root()
    with texts_left_alone(figure):
        return str(figure.render())


@contextmanager
def texts_left_alone(figure: Element) -> Iterator[None]:
    """Keep branca from compiling texts, in this thread, while a figure is rendered."""
    if _rendering.get():
        yield
        return
    # Other threads that make elements meanwhile get templates as ever; only renderings wait for each other.
    with _lock, ExitStack() as undo:
        undo.callback(_rendering.reset, _rendering.set(True))
        _replace(undo, branca_elements, "Template", _template)
        if Element("{{ 6 * 7 }}").render() != "{{ 6 * 7 }}":
            raise OutputError(
                "the installed branca compiles texts as templates in a way that can't be prevented; install the "
                "version that borderreach asks for: pip install --force-reinstall borderreach"
            )
        for each in _elements(figure):
            _leave_text(undo, each)
        yield


class _Literal:
    """Stands where branca keeps a template, and gives a text as it is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def render(self, **_: Any) -> str:
        return self.text


class _Scripts:
    """Stands for the template that joins a page's scripts, and lets none of them end the script element."""

    @staticmethod
    def render(*, this: Element, kwargs: dict[str, Any]) -> str:
        parts = [child.render(**kwargs) for child in this._children.values()]  # noqa: SLF001 (branca has no other way)
        return _SCRIPT_TAG.sub(r"\\x3c", "".join(f"\n    {part}" for part in parts))


def _template(text: str, *args: Any, **options: Any) -> Any:
    return _Literal(text) if _rendering.get() else _compile(text, *args, **options)


def _replace(undo: ExitStack, owner: Any, name: str, value: Any) -> None:
    own = vars(owner)
    if name in own:
        undo.callback(setattr, owner, name, own[name])
    else:
        undo.callback(delattr, owner, name)
    setattr(owner, name, value)


def _elements(element: Element) -> Iterator[Element]:
    """Yield an element and all below it; pages and popups have three more, which hold what is rendered."""
    yield element
    parts = [getattr(element, name, None) for name in ("header", "html", "script")]
    children = list(element._children.values())  # noqa: SLF001 (branca has no other way)
    for each in (*children, *(part for part in parts if isinstance(part, Element))):
        yield from _elements(each)


def _leave_text(undo: ExitStack, element: Element) -> None:
    """Make one element give its texts as they are, until undone."""
    for child in element._children.values():  # noqa: SLF001 (branca has no other way)
        text = getattr(child, "_template_str", None)
        if type(child) is Element and text is not None and not child._children:  # noqa: SLF001
            _replace(undo, child, "_template", _Literal(text))
    if isinstance(element, Figure):
        # What rendering adds to them would be compiled when the map is copied.
        for part in (element.header, element.html, element.script):
            _replace(undo, part, "_children", part._children.copy())  # noqa: SLF001
        _replace(undo, element.script, "_template", _Scripts())
    elif isinstance(element, folium.Tooltip):
        _replace(undo, element, "text", element.text.translate(_IN_BACKTICKS))
    elif isinstance(element, folium.Popup):
        for child in element.html._children.values():  # noqa: SLF001
            if isinstance(child, Html):  # in which folium has escaped some of the backticks
                text = _ESCAPED_BACKTICK.sub("`", str(child.data))
                _replace(undo, child, "data", text.translate(_IN_BACKTICKS))

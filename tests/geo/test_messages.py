"""Errors are told in Chinese, all of them, with their values as they are."""

from __future__ import annotations

import os
import pickle
import re
import tomllib
from pathlib import Path

import pytest

from borderreach import data
from borderreach.geo.errors import (
    BorderReachError,
    InputError,
    MissingColumnError,
    OutputsFailedError,
    UnknownPlaceError,
)
from borderreach.geo.messages import LANGUAGE_VARIABLE, in_language, speaking, translations
from borderreach.geo.places import place

from ..hostile import HOSTILE
from .raised import raised, says_something

CHINESE = re.compile("[\u3400-\u9fff]")


@pytest.fixture(scope="module")
def found(checkout: Path) -> dict[str, str]:
    return raised(checkout)


def test_every_message_of_the_source_has_its_translation(found: dict[str, str]):
    wanted = {text: where for text, where in found.items() if says_something(text)}
    assert len(wanted) > 600
    assert {text: where for text, where in wanted.items() if text not in translations()} == {}


def test_translations_have_the_values_of_their_templates():
    for template, told in translations().items():
        slots = len(re.findall(r"\{\}", template))
        assert set(map(int, re.findall(r"\{(\d+)\}", told))) == set(range(slots)), template
        assert "{}" not in told, template


def test_no_translation_is_of_a_message_that_nobody_raises(found: dict[str, str]):
    """What Python and pydantic say, and pieces that stand within others, are in a file of their own."""
    shared = tomllib.loads(data.path("messages/zh/common.toml").read_text(encoding="utf-8"))
    assert set(translations()) - set(shared) - set(found) == set()


def filled(template: str, values: list[str]) -> str:
    pieces = template.split("{}")
    return pieces[0] + "".join(f"{value}{piece}" for value, piece in zip(values, pieces[1:], strict=True))


def test_each_message_is_told_by_its_own_template():
    """However many templates a text might be of, it's told by its own."""
    wrong = []
    for template, told in translations().items():
        values = [f'"val{k}"' for k in range(template.count("{}"))]
        expected = re.sub(r"\{(\d+)\}", r'"val\1"', told)
        if in_language(filled(template, values), "zh") != expected:
            wrong.append(template)
    assert wrong == []


@pytest.mark.parametrize("name", HOSTILE)
def test_values_are_told_as_they_are(name: str):
    value = HOSTILE[name]
    if "\n" in value:
        pytest.skip("a message of several lines is told line by line")
    assert in_language(f"there is no file {value}", "zh") == f"没有文件 {value}"
    told = in_language(f"'near' names {value!r}; the network has 'a'", "zh")
    assert told == f"'near' 提到 {value!r}；路网有 'a'"


def test_messages_within_messages_are_told_too():
    told = in_language(
        "not written to 'out', where all other outputs are: map.html: can't write 'm': No space left on device; figure.png: there is no file f",
        "zh",
    )
    assert told.startswith("以下内容没有写到 'out'，其他都已写出：")
    assert "没有文件 f" in told
    assert (
        in_language("a.toml:3: unknown key 'centre'; did you mean 'centres'?", "zh")
        == "a.toml:3：不认识的键 'centre'；是否应为 'centres'？"
    )
    assert (
        in_language("a.toml:3: 'zone_min': Input should be greater than 0, got -3", "zh")
        == "a.toml:3：'zone_min'：应大于 0，得到的是 -3"
    )
    assert (
        in_language("'circle_min' should be above 0 minutes, got -1", "zh")
        == "'circle_min' 应大于 0 分钟，得到的是 -1"
    )


def test_errors_speak_the_language_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    error = InputError("there is no file a")
    assert str(error) == "there is no file a"
    monkeypatch.setenv(LANGUAGE_VARIABLE, "zh")
    for each in (error, pickle.loads(pickle.dumps(error)), MissingColumnError("there is no file a")):  # noqa: S301 - our own
        assert str(each) == "没有文件 a"
    assert "其他都已写出" in str(OutputsFailedError("out", {"map.html": "x"}))
    with pytest.raises(UnknownPlaceError, match="没有名为 '無此地' 的"):
        place("無此地")
    monkeypatch.setenv(LANGUAGE_VARIABLE, "fr")
    assert str(error) == "there is no file a"


def test_a_language_lasts_as_long_as_it_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(LANGUAGE_VARIABLE, "en")
    with speaking("zh"):
        assert CHINESE.search(str(BorderReachError("there is no file a")))
        assert os.environ[LANGUAGE_VARIABLE] == "zh"
    assert not CHINESE.search(str(BorderReachError("there is no file a")))
    monkeypatch.delenv(LANGUAGE_VARIABLE)
    with speaking("zh"):
        pass
    assert LANGUAGE_VARIABLE not in os.environ


def test_text_that_nobody_knows_stays():
    assert in_language("whatever else may be said", "zh") == "whatever else may be said"
    assert in_language("没有文件", "zh") == "没有文件"
    assert in_language("", "zh") == ""

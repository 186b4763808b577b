"""The command line's help, in both languages."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import pytest

from borderreach.cli import main
from borderreach.geo.messages import LANGUAGE_VARIABLE
from borderreach.help_zh import ZH, parsers_of, wanted_language
from borderreach.options import parser


def texts_of(found: argparse.ArgumentParser) -> Iterator[str]:
    for one in parsers_of(found):
        yield from filter(None, (one.description, one.epilog))
        yield from (group.title for group in one._action_groups if group.title)
        for action in one._actions:
            if action.help:
                yield action.help
            if isinstance(action, argparse._SubParsersAction):
                yield from (choice.help for choice in action._choices_actions if choice.help)


def test_every_text_of_the_help_has_a_translation_and_every_translation_a_text() -> None:
    assert set(texts_of(parser())) == set(ZH)


def test_a_translation_keeps_what_is_typed() -> None:
    """Options, files and commands are the same in both languages."""
    for english, chinese in ZH.items():
        typed = re.findall(
            r"--[a-z-]+|[\w*]+\.(?:html|png|docx|md|gpkg|xlsx|csv|json|toml|geojson|pbf|graphml)\b", english
        )
        typed += re.findall(r"(?m)^  borderreach .*$", english)
        for each in typed:
            assert each in chinese, (each, chinese)


@pytest.mark.parametrize("command", [[], ["run"], ["network", "build"], ["data", "fetch"]])
def test_help_in_chinese(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--language", "zh", *command, "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert "选项" in text
    assert "show this help" not in text


def test_the_language_is_what_was_asked_for_then_the_environments() -> None:
    assert wanted_language([], {"LANG": "zh_CN.UTF-8"}) == "zh"
    assert wanted_language([], {"LANG": "de_DE.UTF-8"}) == "en"
    assert wanted_language([], {}) == "en"
    assert wanted_language([], {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}) == "en"
    assert wanted_language([], {"LANG": "zh_CN.UTF-8", LANGUAGE_VARIABLE: "en"}) == "en"
    assert wanted_language(["--language", "zh"], {LANGUAGE_VARIABLE: "en"}) == "zh"
    assert wanted_language(["--language=en", "run"], {"LANG": "zh_CN.UTF-8"}) == "en"

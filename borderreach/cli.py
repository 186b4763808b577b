"""The command line: `borderreach`, or `python -m borderreach`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

from .commands import EXIT_FAULT, EXIT_OK
from .geo.errors import BatchStoppedError, BorderReachError
from .geo.messages import in_language, speaking
from .geo.text import printable
from .help_zh import wanted_language
from .options import parser
from .terminal import speak_utf8

EXIT_STOPPED: Final = 3
EXIT_INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        As typed after ``borderreach``; ``sys.argv[1:]`` when left out.

    Returns
    -------
    int
        0 when done, 1 when a run is done with failed outputs or a batch with failed origins, 2 on a fault in the input, 3 when
        a batch stopped before its end, 130 when interrupted. argparse itself leaves with 2 on a
        command that it can't read, and with 0 after ``--help``.
    """
    speak_utf8()
    language = wanted_language(sys.argv[1:] if arguments is None else arguments)
    with speaking(language):
        return _run(arguments, language)


def _run(arguments: Sequence[str] | None, language: str) -> int:
    options = parser(language).parse_args(arguments)
    try:
        return options.run(options) or EXIT_OK
    except BatchStoppedError as error:
        print(f"borderreach: {printable(str(error))}", file=sys.stderr)
        return EXIT_STOPPED
    except BorderReachError as error:
        print(f"borderreach: {printable(str(error))}", file=sys.stderr)
        return EXIT_FAULT
    except KeyboardInterrupt:
        print(f"borderreach: {in_language('interrupted')}", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_OK

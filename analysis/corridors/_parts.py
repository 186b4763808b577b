"""What a corridor consists of in its file: stops, services, and the texts and reports that name it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from ..config import Strict


class Stop(Strict):
    """Where a corridor can be entered and left.

    Attributes
    ----------
    name : str
        As readers are shown it; each once along the line, but where a ring ends.
    lon, lat : float
        Degrees, WGS 84.
    kind : {"interchange", "hub", "station", "airport"}
        A hub joins other expressways only: one can change there, but not leave to local roads.
    position : {"existing", "approximate"}
        Whether it is there, or placed by what is known of it.
    note : str
        Such as the county that it lies in.
    """

    name: Annotated[str, Field(min_length=1)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    kind: Literal["interchange", "hub", "station", "airport"]
    position: Literal["existing", "approximate"]
    note: str = ""


class Service(Strict):
    """Trains or flights that call at some of the stops, in the corridor's order.

    Attributes
    ----------
    name : str
        Empty for the only one.
    calls : tuple of str
        Names of the stops where they call.
    """

    name: str
    calls: Annotated[tuple[str, ...], Field(min_length=2)]


class Mention(Strict):
    """Where a text names the corridor.

    Attributes
    ----------
    text : str
        File name of the text.
    words : str
        A few of its words.
    """

    text: str
    words: str


class Source(Strict):
    """A public report and what it says.

    Attributes
    ----------
    title : str
        Of the report.
    date : date, optional
        Of the report.
    says : str
        What it says of the corridor.
    """

    title: str
    date: dt.date | None = None
    says: str = ""

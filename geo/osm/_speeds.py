"""Speeds on OpenStreetMap roads: `maxspeed` in its written forms, class defaults by country, delays."""

from __future__ import annotations

import math
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ... import data
from ..checks import require_lonlat, require_number
from ..derived import Sealed
from ..errors import ConfigError, DataFileError, InputError, InputTypeError
from ._tags import CARRIERS, DELAYS, FERRY, ROAD_CLASSES, TABLES

#: Posted limits outside these bounds are mistyped.
MIN_LIMIT_KPH: Final = 3.0
MAX_LIMIT_KPH: Final = 200.0
#: A ferry whose stated duration means more than this is taken at the default speed.
MAX_FERRY_KPH: Final = 90.0

_UNITS_KPH: Final = {
    "": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "kmph": 1.0, "公里/小时": 1.0, "千米/小时": 1.0,
    "公里": 1.0, "mph": 1.609344, "knots": 1.852, "knot": 1.852, "kn": 1.852,
}  # fmt: skip
_NUMBER: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*(\D*)")
#: "60,80" are two limits, "37,5" is one: posted limits are whole fives.
_TWO_NUMBERS: Final = re.compile(r"(\d+),\s*(\d{1,2}[05])(?!\d)\s*(\D*)")
_ZONE: Final = re.compile(r"([A-Z]{2})(-[A-Z0-9]+)?:(\w[\w:]*)")
_ZONE_KEYS: Final = ("maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")
#: Countries whose zones are numbered in miles per hour.
_MPH_COUNTRIES: Final = frozenset({"GB", "UK", "IM", "JE", "GG", "US"})
#: Classes on which "no limit" can be meant; elsewhere it says that no sign was seen.
_WITHOUT_LIMIT: Final = frozenset({"motorway", "motorway_link", "trunk", "trunk_link"})
_NUMBERS: Final = ("maxspeed_share", "none_kph", "walk_kph", "ferry_kph", "shuttle_kph", "four_wheel_kph")
_TABLES: Final = ("classes", "surfaces", "tracktypes", "smoothness", "delays")


@dataclass(frozen=True)
class SpeedTable(Sealed):
    """Speeds and delays that turn tags into travel times; see ``data/speeds.toml``.

    Attributes
    ----------
    name : str
        For reports: "China, mountain terrain".
    classes : mapping of str to float
        km/h by road class, where no limit is tagged. A class that is missing isn't driven.
    surfaces, tracktypes, smoothness : mapping of str to float
        Caps in km/h by the tag's value.
    zones : mapping of str to mapping of str to float
        km/h by country and zone, as in ``CN:urban``; "any" for countries that say nothing.
    delays : mapping of str to float
        Seconds lost at nodes, by kind.
    maxspeed_share : float
        Share of the limit that is driven.
    none_kph, walk_kph : float
        ``maxspeed=none`` (on motorways and trunk roads), ``maxspeed=walk``.
    ferry_kph, shuttle_kph : float
        Ferries and car trains without duration.
    four_wheel_kph : float
        ``4wd_only=yes``.

    Examples
    --------
    >>> table = br.speed_table("CN")
    >>> isinstance(table, br.SpeedTable), table.with_classes({"residential": 25}).classes["residential"]
    (True, 25.0)
    """

    name: str
    classes: Mapping[str, float]
    surfaces: Mapping[str, float]
    tracktypes: Mapping[str, float]
    smoothness: Mapping[str, float]
    zones: Mapping[str, Mapping[str, float]]
    delays: Mapping[str, float]
    maxspeed_share: float = 1.0
    none_kph: float = 130.0
    walk_kph: float = 6.0
    ferry_kph: float = 15.0
    shuttle_kph: float = 40.0
    four_wheel_kph: float = 30.0

    def with_classes(self, classes: Mapping[str, float]) -> SpeedTable:
        """Return the same table with other speeds for some classes.

        Examples
        --------
        >>> speed_table("CN").with_classes({"primary": 55}).classes["primary"]
        55.0
        """
        checked = _speeds(classes, "speeds", known=ROAD_CLASSES)
        return replace(
            self,
            name=f"{self.name}, changed for {', '.join(checked)}" if checked else self.name,
            classes=MappingProxyType({**self.classes, **checked}),
        )

    def speeds_kph(self, tags: Mapping[str, str], road_class: str) -> tuple[float, float] | None:
        """Return km/h in the direction a way is drawn and against it.

        Parameters
        ----------
        tags : mapping of str to str
            The way's tags.
        road_class : str
            As `read_road` gives it.

        Returns
        -------
        tuple of float, or None
            None where the table doesn't let cars use the class.

        Examples
        --------
        >>> speed_table("CN").speeds_kph({"maxspeed": "60", "maxspeed:backward": "40"}, "primary")
        (60.0, 40.0)
        """
        if road_class in CARRIERS:
            usual = self.ferry_kph if road_class == FERRY else self.shuttle_kph
            return usual, usual
        usual = self.classes.get(road_class, math.nan)
        if math.isnan(usual):
            return None
        cap = min(
            *(
                self.surfaces.get(part.strip().lower(), MAX_LIMIT_KPH)
                for part in re.split("[;,]", tags.get("surface", ""))
            ),
            self.tracktypes.get(tags.get("tracktype", ""), MAX_LIMIT_KPH),
            self.smoothness.get(tags.get("smoothness", ""), MAX_LIMIT_KPH),
            self.four_wheel_kph if tags.get("4wd_only") == "yes" else MAX_LIMIT_KPH,
        )
        common = self._posted(tags.get("maxspeed", ""), road_class)
        if common is None:
            zones = (tags.get(key, "") for key in _ZONE_KEYS)
            common = next((kph for zone in zones if (kph := self._zone_kph(zone)) is not None), None)
        both = []
        for key in ("maxspeed:forward", "maxspeed:backward"):
            own = self._posted(tags.get(key, ""), road_class)
            limit = common if own is None else own
            both.append(min(cap, usual if limit is None else limit * self.maxspeed_share))
        return both[0], both[1]

    def _posted(self, text: str, road_class: str) -> float | None:
        """Read a limit as it is meant on a class of road."""
        unlimited = TABLES["maxspeed"].get(text.strip().lower()) == "none"
        return None if unlimited and road_class not in _WITHOUT_LIMIT else self.limit_kph(text)

    def limit_kph(self, text: str) -> float | None:
        """Read a ``maxspeed``.

        Numbers are in km/h unless they say mph or knots. Of several values apart by ``;`` or a comma
        the lowest counts, of lanes (``|``) the highest. ``none`` and ``walk`` are as in the table, so
        are zones (``CN:urban``, ``BE-VLG:rural``, ``DE:zone30``; ``GB:20`` is in mph). ``signals``,
        ``variable`` and what can't be read or lies outside 3-200 km/h count as not tagged.

        Returns
        -------
        float or None
            km/h; None where the class's default is to be taken.

        Examples
        --------
        >>> table = speed_table("default")
        >>> [table.limit_kph(text) for text in ("80", "80;60", "60,80", "none", "CN:urban", "signals")]
        [80.0, 60.0, 60.0, 130.0, 50.0, None]
        >>> round(table.limit_kph("50 mph"), 2)
        80.47
        """
        text = unicodedata.normalize("NFKC", text).strip()
        if not text:
            return None
        if "|" in text:
            lanes = [kph for lane in text.split("|") if (kph := self.limit_kph(lane)) is not None]
            return max(lanes, default=None)
        if match := _TWO_NUMBERS.fullmatch(text):
            text = f"{match[1]} {match[3]};{match[2]} {match[3]}"
        if ";" in text:
            parts = [kph for part in text.split(";") if (kph := self.limit_kph(part)) is not None]
            return min(parts, default=None)
        lower = text.lower()
        word = TABLES["maxspeed"].get(lower)
        if word:
            return self.none_kph if word == "none" else self.walk_kph
        if match := _NUMBER.fullmatch(lower):
            unit = _UNITS_KPH.get(match[2].strip())
            if unit is None:
                return None
            kph = float(match[1].replace(",", ".")) * unit
            return kph if MIN_LIMIT_KPH <= kph <= MAX_LIMIT_KPH else None
        return self._zone_kph(text)

    def _zone_kph(self, text: str) -> float | None:
        match = _ZONE.fullmatch(text.strip())
        if not match:
            return None
        country, region, zone = match[1], match[2] or "", match[3].lower()
        if number := re.fullmatch(r"(?:zone:?)?(\d{1,3})", zone):
            return self.limit_kph(f"{number[1]} mph" if country in _MPH_COUNTRIES else number[1])
        tables = (self.zones.get(name, {}) for name in (country + region, country, "any"))
        return next((table[zone] for table in tables if zone in table), None)


def speed_table(
    speeds: SpeedTable | str | Path | Mapping[str, float] | None = None,
    *,
    near: tuple[float, float] | None = None,
) -> SpeedTable:
    """Return the speed table that `speeds` stands for.

    Parameters
    ----------
    speeds : SpeedTable, str, path, mapping or None
        A table; the code of a country in ``data/speeds.toml`` ("CN", "CN-mountain", "IS", "GB")
        or "default"; a file of that form, which may hold only what differs; speeds by road class
        in km/h (the rest is as in the table for the place); None: the table for the place.
    near : tuple of float, optional
        (lon, lat) that decides on the country; without it, "default".

    Returns
    -------
    SpeedTable

    Raises
    ------
    InputError, InputTypeError, ConfigError, DataFileError

    Examples
    --------
    >>> br.speed_table(near=(106.9, 27.7)).name
    'China, mountain terrain'
    >>> br.speed_table({"residential": 25}, near=(-1.3, 50.7)).name
    'United Kingdom, changed for residential'
    """
    if isinstance(speeds, SpeedTable):
        return speeds
    embedded = _read(data.path("speeds.toml"))
    countries = embedded["countries"]
    if near is not None:
        position: Any = near
        if not isinstance(position, list | tuple) or len(position) != 2:
            raise InputTypeError(f"'near' should be (lon, lat) in degrees, got {type(near).__name__}")
        near = require_lonlat(*near, "near")
    if speeds is None or isinstance(speeds, Mapping):
        code = next((c for c, entry in countries.items() if near and _holds(entry["boxes"], near)), "default")
        table = _country(embedded, code)
        return table if speeds is None else table.with_classes(speeds)
    if isinstance(speeds, str) and (speeds == "default" or speeds in countries):
        return _country(embedded, speeds)
    if isinstance(speeds, str) and not speeds.endswith(".toml"):
        raise InputError(
            f"'speeds' should be a country ({', '.join(['default', *countries])}), a .toml file, a mapping "
            f"of road classes to km/h or a SpeedTable, got {speeds!r}"
        )
    if not isinstance(speeds, (str, Path)):
        raise InputTypeError(f"'speeds' should be a country, file, mapping or SpeedTable, got {speeds!r}")
    path = Path(speeds)
    own = _read(path)
    return _table(embedded, own, name=path.name)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise DataFileError(f"can't read the speed table {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the speed table {path} isn't valid TOML: {error}") from error


def _country(embedded: dict[str, Any], code: str) -> SpeedTable:
    if code == "default":
        return _table(embedded, {}, name="default")
    entry = embedded["countries"][code]
    own = {key: value for key, value in entry.items() if key not in {"name", "boxes"}}
    return _table(embedded, own, name=entry["name"])


def _table(base: dict[str, Any], own: dict[str, Any], *, name: str) -> SpeedTable:
    unknown = set(own) - {*_NUMBERS, *_TABLES, "zones", "name"}
    if unknown:
        raise ConfigError(
            f"the speed table {name!r} has unknown key(s) {', '.join(map(repr, sorted(unknown)))}; "
            f"known are {', '.join((*_NUMBERS, *_TABLES, 'zones', 'name'))}"
        )
    zones = {**base["zones"], **own.get("zones", {})}

    def table(key: str, known: tuple[str, ...] | None = None) -> Mapping[str, float]:
        return MappingProxyType({**base[key], **_speeds(own.get(key, {}), key, known=known)})

    def number(key: str) -> float:
        return require_number(own.get(key, base[key]), key, above=0, maximum=MAX_LIMIT_KPH)

    return SpeedTable(
        name=str(own.get("name", name)),
        classes=table("classes", ROAD_CLASSES),
        surfaces=table("surfaces"),
        tracktypes=table("tracktypes"),
        smoothness=table("smoothness"),
        zones=MappingProxyType(
            {
                country: MappingProxyType(_speeds(entry, f"zones.{country}"))
                for country, entry in zones.items()
            }
        ),
        delays=table("delays", DELAYS),
        maxspeed_share=number("maxspeed_share"),
        none_kph=number("none_kph"),
        walk_kph=number("walk_kph"),
        ferry_kph=number("ferry_kph"),
        shuttle_kph=number("shuttle_kph"),
        four_wheel_kph=number("four_wheel_kph"),
    )


def _speeds(entries: Any, name: str, *, known: tuple[str, ...] | None = None) -> dict[str, float]:
    if not isinstance(entries, Mapping):
        raise ConfigError(f"'{name}' should be a table of names and numbers, got {entries!r}")
    unknown = set(entries) - set(known or entries)
    if unknown:
        raise ConfigError(
            f"'{name}' has unknown key(s) {', '.join(map(repr, sorted(unknown)))}; "
            f"known are {', '.join(known or ())}"
        )
    # A delay may be nothing; a speed may not.
    bound = {"minimum": 0.0} if name == "delays" else {"above": 0.0}
    return {
        str(key): require_number(
            value, f"{name}.{key}", minimum=bound.get("minimum"), above=bound.get("above"), maximum=3600
        )
        for key, value in entries.items()
    }


def _holds(boxes: list[list[float]], point: tuple[float, float]) -> bool:
    lon, lat = point
    return any(west <= lon <= east and south <= lat <= north for west, south, east, north in boxes)

"""`TimetableNetwork`: roads and trains as they run, as one network."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import require_number
from ..derived import derived
from ..errors import InputTypeError
from ..networks import Links, TransferRules, TransportNetwork, with_stations
from ._departures import require_statistic, require_window, window_text
from ._timetable import Timetable

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TimetableNetwork(TransportNetwork):
    """Roads and trains as they run; made by `timetable_network`, and used as any other network.

    The arcs are those of the roads and of the ways from roads to stations and back. Trains have none: a journey's time
    depends on when one sets out, and so a search tells at every node what the departures of `window` take there, told
    by one number, `statistic`.

    Attributes
    ----------
    timetable : Timetable
    statistic : str
        "p50" and so on: what so many per cent of the departures take at most. "mean": over all departures. "fastest":
        for whoever sets out at the best moment. "planned": the median of those who wait at home for the moment to set
        out, which isn't counted.
    window : (str, str)
        First minute of setting out, and the minute after the last, ``HH:MM``.
    rules : TransferRules
    station_reach_min, between_stations_min : float
    hall, entrance, way_out : ndarray of int64, shape (stations,)
        Nodes of the timetable's stations.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "train": ["G1", "G1"],
    ...         "stop_no": [1, 2],
    ...         "station": ["重庆北", "成都东"],
    ...         "arrive": ["", "09:30"],
    ...         "depart": ["08:00", ""],
    ...     }
    ... )
    >>> road = br.build_network([106.55, 106.6], [29.6, 29.6], br.Links([0], [1], [4850.0], [300.0]))
    >>> network = br.timetable_network(road, br.timetable(calls))
    >>> isinstance(network, br.TimetableNetwork), network.statistic, network.window
    (True, 'p50', ('07:00', '19:00'))
    """

    timetable: Timetable
    statistic: str
    window: tuple[str, str]
    rules: TransferRules
    station_reach_min: float
    between_stations_min: float
    hall: NDArray[np.int64]
    entrance: NDArray[np.int64]
    way_out: NDArray[np.int64]
    is_scheduled: ClassVar[bool] = True

    def __repr__(self) -> str:
        trains = int((self.timetable.runs["day"] == 0).sum())
        return (
            f"<TimetableNetwork {self.statistic} of {'-'.join(self.window)}: {self.n_nodes:,} nodes, "
            f"{len(self.hall):,} stations, {trains:,} trains>"
        )

    @derived
    def backwards(self) -> bool:
        """Whether it's a reverse, passed towards a place; the window is that of those who set out in any case."""
        out = np.diff(self.arc_start)  # nothing leads on from an entrance but trains
        return bool(out[self.entrance].any())

    def with_departures(self, *, statistic: str | None = None, window: tuple[str, str] | None = None) -> Self:
        """Return the same network with another statistic or window of departures.

        Parameters
        ----------
        statistic : str, optional
        window : (str, str), optional
        """
        chosen = self.statistic if statistic is None else require_statistic(statistic)
        hours = self.window if window is None else window_text(require_window(window))
        changed = replace(
            self,
            statistic=chosen,
            window=hours,
            provenance=MappingProxyType({**self.provenance, **_said(chosen, hours)}),
        )
        # what follows from roads and trains holds for any departures; the reverse has its own
        own = {field.name for field in fields(self)}
        for name, value in vars(self).items():
            if name not in own and name != "reverse":
                vars(changed).setdefault(name, value)
        turned = type(self).reverse.known(self)
        if isinstance(turned, TimetableNetwork):
            TransportNetwork.reverse.give(changed, turned.with_departures(statistic=chosen, window=hours))
        return changed

    def with_timetable(self, timetable: Timetable) -> TimetableNetwork:
        """Return the same roads with other trains; stations that both timetables have keep their nodes.

        Parameters
        ----------
        timetable : Timetable
        """
        known = self.timetable.stations["station_id"].tolist()
        wanted = timetable.stations["station_id"].tolist()
        new = timetable.stations[~timetable.stations["station_id"].isin(known)]
        whole, nodes = _tied(self, new, self.rules, closed=self.hall)
        row = {name: k for k, name in enumerate([*known, *new["station_id"]])}
        at = np.array([row[name] for name in wanted], dtype=np.int64)
        stations = {
            name: np.concatenate([getattr(self, name), getattr(nodes, name)])[at] for name in nodes._fields
        }
        return _as_timetable_network(
            whole,
            self,
            timetable=timetable,
            provenance=MappingProxyType({**whole.provenance, **timetable.provenance}),
            **stations,
        )

    def extended(
        self,
        links: Links,
        *,
        node_lon: ArrayLike = (),
        node_lat: ArrayLike = (),
        node_exit: bool | ArrayLike = True,
        node_names: Mapping[int, str] | None = None,
        provenance: Mapping[str, str] | None = None,
    ) -> TimetableNetwork:
        """Return this network with nodes and links added; as for any other network."""
        whole = super().extended(
            links,
            node_lon=node_lon,
            node_lat=node_lat,
            node_exit=node_exit,
            node_names=node_names,
            provenance=provenance,
        )
        return _as_timetable_network(whole, self)


def timetable_network(
    road: TransportNetwork,
    timetable: Timetable,
    *,
    statistic: str = "median",
    window: tuple[str, str] = ("07:00", "19:00"),
    rules: TransferRules | None = None,
    station_reach_min: float = 90.0,
    between_stations_min: float = 60.0,
) -> TimetableNetwork:
    """Join roads and trains as they run into one network, which all that takes networks takes.

    Travel times, isochrones, circles, commuting zones, comparisons and claims on it are those of the departures of a
    window, told by a statistic: with ``"median"`` what half of them take at most.

    Parameters
    ----------
    road : TransportNetwork
    timetable : Timetable
    statistic : str
        ``"median"`` or another percentile, such as ``"p90"``; ``"mean"``; ``"fastest"``; ``"planned"``. What arrives
        within T for a share of the departures is what that percentile reaches: an isochrone of ``"p80"`` holds where
        four in five departures arrive within its cutoff.
    window : (str, str)
        First minute of setting out, and the minute after the last, ``HH:MM``; the second may pass 24:00.
    rules : TransferRules, optional
        `boarding_min`, `alighting_min`, `transfer_min`, and how stations are tied to roads. Waiting is what the
        timetable says.
    station_reach_min : float
        Stations farther by road from an origin or a destination aren't used, minutes.
    between_stations_min : float
        Nor are changes with a longer way by road from station to station, minutes.

    Returns
    -------
    TimetableNetwork
        The road network's nodes keep their numbers. ``statistic`` and ``window`` stand in its provenance, and so in
        every file written from it; tables of polygons have them as columns, tables of times in `attrs`.

    Raises
    ------
    InputTypeError, InputError
        If an argument can't be used.

    See Also
    --------
    timetable, timetable_times, join_networks

    Notes
    -----
    At every node the statistic is exact: the least of road and trains at each minute of the window, then the
    percentile or mean over the minutes. Off the network, and along roads that may be left anywhere, time is added to
    that, and the least over the ways taken: where trains bring one to the two ends of a road at different hours, that
    is a little more than the percentile there. What is drawn is reached. `timetable_times` does without this
    for single places.

    Distances of `travel_times` are NaN where trains are used: departures take different ways.

    Examples
    --------
    A train an hour, 30 minutes to ride, where the road takes two hours:

    >>> calls = pd.DataFrame(
    ...     [(h, "A", f"{h:02}:00") for h in range(6, 24)] + [(h, "B", f"{h:02}:30") for h in range(6, 24)],
    ...     columns=["train", "station", "depart"],
    ... ).assign(arrive="", stop_no=lambda t: (t["station"] == "B") + 1)
    >>> stations = pd.DataFrame({"name": ["A", "B"], "lon": [106.5, 107.5], "lat": [29.5, 29.5]})
    >>> road = br.build_network([106.5, 107.5], [29.5, 29.5], br.Links([0], [1], [97e3], [7200.0]))
    >>> trains = br.timetable(calls, stations=stations)
    >>> rules = br.TransferRules(boarding_min=10, alighting_min=5)
    >>> network = br.timetable_network(road, trains, rules=rules)
    >>> [
    ...     float(br.travel_times(one, (106.5, 29.5), (107.5, 29.5))["travel_time_min"][0])
    ...     for one in (road, network, network.with_departures(statistic="fastest"))
    ... ]
    [120.0, 74.0, 45.0]
    """
    if not isinstance(road, TransportNetwork):
        raise InputTypeError(f"'road' should be a TransportNetwork, got {type(road).__name__}")
    if isinstance(road, TimetableNetwork):
        raise InputTypeError("'road' has trains already; give roads alone, or use its with_timetable()")
    if not isinstance(timetable, Timetable):
        raise InputTypeError(
            f"'timetable' should be a Timetable, got {type(timetable).__name__}; make one with timetable(path)"
        )
    if rules is not None and not isinstance(rules, TransferRules):
        raise InputTypeError(f"'rules' should be TransferRules, got {type(rules).__name__}")
    chosen = TransferRules() if rules is None else rules
    asked, hours = require_statistic(statistic), window_text(require_window(window))
    reach = require_number(station_reach_min, "station_reach_min", unit="minutes", minimum=0, maximum=1440)
    between = require_number(
        between_stations_min, "between_stations_min", unit="minutes", minimum=0, maximum=1440
    )
    whole, nodes = _tied(road, timetable.stations, chosen)
    return TimetableNetwork(
        **{
            **_columns(whole),
            "provenance": {**whole.provenance, **timetable.provenance, **_said(asked, hours)},
        },
        timetable=timetable,
        statistic=asked,
        window=hours,
        rules=chosen,
        station_reach_min=reach,
        between_stations_min=between,
        **nodes._asdict(),
    )


def _said(statistic: str, window: tuple[str, str]) -> dict[str, str]:
    return {"statistic": statistic, "window": "-".join(window)}


def _tied(
    network: TransportNetwork, stations: Any, rules: TransferRules, closed: NDArray[np.int64] | None = None
) -> tuple[TransportNetwork, Any]:
    points = stations.geometry
    whole, nodes, lonely = with_stations(
        network,
        points.x.to_numpy(dtype=float),
        points.y.to_numpy(dtype=float),
        stations["name"].astype(str).tolist(),
        rules=rules,
        closed=closed,
    )
    if lonely:
        _LOG.warning("%d stations have no road within reach: %s", len(lonely), ", ".join(lonely))
    return whole, nodes


def _columns(network: TransportNetwork) -> dict[str, Any]:
    return {field.name: getattr(network, field.name) for field in fields(TransportNetwork)}


def _as_timetable_network(network: TransportNetwork, like: TimetableNetwork, **more: Any) -> TimetableNetwork:
    own = {field.name: getattr(like, field.name) for field in fields(like)}
    return TimetableNetwork(**{**own, **_columns(network), **more})

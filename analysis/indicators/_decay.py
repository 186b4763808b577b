"""How interaction falls off with travel time: the decay functions of gravity and floating catchments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...geo.checks import require_cutoffs, require_number
from ...geo.errors import InputError, InputTypeError
from ..times import Pairs

#: Minutes, shape (n,), -> weights, shape (n,), finite and not negative.
Decay = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class PowerDecay:
    """f(t) = max(t, minimum)^−exponent, the classic gravity form; infinite at t = 0.

    Parameters
    ----------
    exponent : float
        Above 0; 1 is Harris' market potential, 2 Newton's analogy.
    minimum_min : float
        Times below it count as this many minutes. 0, the default, leaves times as they are, so
        that a pair at zero minutes is an error.

    References
    ----------
    Hansen, W. G. (1959). How accessibility shapes land use. Journal of the American Institute of
    Planners 25(2), 73-76.

    Examples
    --------
    >>> br.indicators.PowerDecay(2)(np.array([1.0, 2.0, 10.0])).tolist()
    [1.0, 0.25, 0.01]
    """

    exponent: float
    minimum_min: float = 0.0

    def __post_init__(self) -> None:
        require_number(self.exponent, "exponent", above=0, maximum=20)
        require_number(self.minimum_min, "minimum_min", unit="minutes", minimum=0)

    def __call__(self, minutes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights of times."""
        with np.errstate(divide="ignore"):
            weights: NDArray[np.float64] = np.maximum(minutes, self.minimum_min) ** -self.exponent
        return weights


@dataclass(frozen=True)
class ExponentialDecay:
    """f(t) = exp(−β t): interaction halves in equal steps of time.

    Parameters
    ----------
    beta_per_min : float
        Above 0; interaction halves every ln 2 / β minutes (`half_life`).

    References
    ----------
    Wilson, A. G. (1971). A family of spatial interaction models, and associated developments.
    Environment and Planning A 3(1), 1-32.

    Examples
    --------
    >>> br.indicators.ExponentialDecay(0.1)(np.array([0.0, 10.0])).round(4).tolist()
    [1.0, 0.3679]
    """

    beta_per_min: float

    def __post_init__(self) -> None:
        require_number(self.beta_per_min, "beta_per_min", unit="per minute", above=0)

    @classmethod
    def half_life(cls, minutes: float) -> ExponentialDecay:
        """Return the decay that halves interaction every so many minutes.

        Examples
        --------
        >>> ExponentialDecay.half_life(30)(np.array([0.0, 30.0, 60.0])).round(6).tolist()
        [1.0, 0.5, 0.25]
        """
        return cls(float(np.log(2)) / require_number(minutes, "minutes", unit="minutes", above=0))

    def __call__(self, minutes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights of times."""
        weights: NDArray[np.float64] = np.exp(-self.beta_per_min * minutes)
        return weights


@dataclass(frozen=True)
class GaussianDecay:
    """f(t) = exp(−t² / 2σ²): flat near the origin, steep around σ.

    Parameters
    ----------
    sigma_min : float
        Minutes, above 0; the weight there is 0.61.

    References
    ----------
    Ingram, D. R. (1971). The concept of accessibility: a search for an operational form. Regional
    Studies 5(2), 101-107.

    Examples
    --------
    >>> br.indicators.GaussianDecay(30)(np.array([0.0, 30.0, 60.0])).round(4).tolist()
    [1.0, 0.6065, 0.1353]
    """

    sigma_min: float

    def __post_init__(self) -> None:
        require_number(self.sigma_min, "sigma_min", unit="minutes", above=0)

    def __call__(self, minutes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights of times."""
        weights: NDArray[np.float64] = np.exp(-0.5 * (minutes / self.sigma_min) ** 2)
        return weights


@dataclass(frozen=True)
class StepDecay:
    """A weight for each ring of travel time, 0 beyond the last: the form of E2SFCA.

    Parameters
    ----------
    breaks_min : sequence of float
        Outer edges of the rings, minutes, ascending; an edge belongs to the ring inside it.
    weights : sequence of float
        One per ring, at least 0.

    References
    ----------
    Luo, W., Qi, Y. (2009). An enhanced two-step floating catchment area (E2SFCA) method for
    measuring spatial accessibility to primary care physicians. Health & Place 15(4), 1100-1107.

    Examples
    --------
    >>> decay = br.indicators.StepDecay((10, 20, 30), (1, 0.42, 0.09))
    >>> decay(np.array([0.0, 10.0, 10.5, 30.0, 31.0])).tolist()
    [1.0, 1.0, 0.42, 0.09, 0.0]
    """

    breaks_min: Sequence[float]
    weights: Sequence[float]

    def __post_init__(self) -> None:
        edges = require_cutoffs(self.breaks_min, "breaks_min")
        weights = tuple(require_number(weight, "weights", minimum=0) for weight in self.weights)
        if len(edges) != len(weights):
            raise InputError(
                f"'weights' should be one per ring of 'breaks_min', got {len(weights)} for {len(edges)}"
            )
        object.__setattr__(self, "breaks_min", edges)
        object.__setattr__(self, "weights", weights)

    def __call__(self, minutes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights of times."""
        ring = np.searchsorted(np.asarray(self.breaks_min), minutes, side="left")
        return np.append(np.asarray(self.weights, dtype=float), 0.0)[ring]


def weigh(decay: Any, pairs: Pairs, argument: str = "decay", *, remedy: str) -> NDArray[np.float64]:
    """Return the decay's weight of each pair after checking that it doesn't diverge.

    Parameters
    ----------
    decay : Decay
    pairs : Pairs
    argument : str
        The decay's name, for errors.
    remedy : str
        What to do where it diverges, for errors.

    Raises
    ------
    InputTypeError
        If `decay` can't be called, or gives something else than one number per time.
    InputError
        If a weight is infinite, NaN or negative, with the pair and the remedy.
    """
    return weigh_minutes(decay, pairs.minutes, argument, remedy=remedy, name=pairs.name)


def weigh_minutes(
    decay: Any,
    minutes: NDArray[np.float64],
    argument: str = "decay",
    *,
    remedy: str,
    name: Callable[[int], str],
) -> NDArray[np.float64]:
    """Do the same for times of any pairs.

    Parameters
    ----------
    decay : Decay
    minutes : ndarray of float64, shape (n,)
    argument, remedy
        As in `weigh`.
    name : callable
        Returns how a message calls a pair.

    Raises
    ------
    InputTypeError, InputError
    """
    if not callable(decay):
        raise InputTypeError(
            f"'{argument}' should be a decay such as PowerDecay(1) or ExponentialDecay.half_life(60), "
            f"got {decay!r}"
        )
    weights = np.asarray(decay(minutes), dtype=float)
    if weights.shape != minutes.shape:
        raise InputTypeError(
            f"'{argument}' should give one weight per time, got shape {weights.shape} for {minutes.shape}"
        )
    bad = ~np.isfinite(weights) | (weights < 0)
    if bad.any():
        at = int(np.argmax(bad))
        raise InputError(
            f"the weight by '{argument}' is {weights[at]:g} at {minutes[at]:g} min ({name(at)}); {remedy}"
        )
    return weights

"""How long requests usually take, by kind."""

from __future__ import annotations

_FIRST_GUESS_S = 0.5
_SHARE = 0.2
_DEVIATIONS = 2.0


class Pace:
    """Running means of service times and of their deviations, as TCP keeps them (RFC 6298)."""

    def __init__(self) -> None:
        self._mean: dict[str, float] = {}
        self._deviation: dict[str, float] = {}
        self._every = _FIRST_GUESS_S

    @property
    def usual_s(self) -> float:
        """Seconds that a request of any kind takes, on average."""
        return self._every

    def knows(self, kind: str) -> bool:
        """Return whether a request of a kind has been done."""
        return kind in self._mean

    def mean_s(self, kind: str) -> float:
        """Return seconds that a request of a kind takes, on average; of any, if it is unknown."""
        return self._mean.get(kind, self._every)

    def most_s(self, kind: str) -> float:
        """Return seconds within which nearly all requests of a kind are done; 0 if unknown."""
        if kind not in self._mean:
            return 0.0
        return self._mean[kind] + _DEVIATIONS * self._deviation[kind]

    def took(self, kind: str, seconds: float) -> None:
        """Take what a request took."""
        self._every += _SHARE * (seconds - self._every)
        if kind not in self._mean:
            self._mean[kind], self._deviation[kind] = seconds, seconds / 2
            return
        off = seconds - self._mean[kind]
        self._mean[kind] += _SHARE * off
        self._deviation[kind] += _SHARE * (abs(off) - self._deviation[kind])

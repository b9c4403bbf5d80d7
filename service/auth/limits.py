"""How many requests somebody may send: a bucket each, which fills again."""

from __future__ import annotations

from dataclasses import dataclass, field

_MOST = 20_000


@dataclass
class Buckets:
    """Buckets of tokens by whom they belong to, kept in the memory of one process.

    Args:
        rate_per_s: Tokens that come again, 1/s; 0: no limit.
        burst: Tokens of a full bucket.
    """

    rate_per_s: float
    burst: int
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, whose: str, now_s: float) -> float:
        """Take a token.

        Args:
            whose: Whose bucket.
            now_s: A clock that never goes back, s.

        Returns:
            0, or after how many seconds there will be a token.
        """
        if self.rate_per_s <= 0:
            return 0.0
        level, at = self._levels.get(whose, (float(self.burst), now_s))
        level = min(self.burst, level + (now_s - at) * self.rate_per_s)
        if level < 1:
            return (1 - level) / self.rate_per_s
        if len(self._levels) >= _MOST:
            self._forget_full(now_s)
        self._levels[whose] = (level - 1, now_s)
        return 0.0

    def _forget_full(self, now_s: float) -> None:
        """Drop the buckets that are full again; if that is not enough, the oldest half."""
        full_after = self.burst / self.rate_per_s
        kept = {whose: told for whose, told in self._levels.items() if now_s - told[1] < full_after}
        if len(kept) >= _MOST:
            newest = sorted(kept, key=lambda whose: kept[whose][1])[_MOST // 2 :]
            kept = {whose: kept[whose] for whose in newest}
        self._levels = kept

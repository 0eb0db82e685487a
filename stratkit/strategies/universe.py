"""`Universe`: the symbols that a per-bar strategy may look at on one bar, with their tiers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asset:
    """One symbol: its configured `tier`, whether it has a bar now, and whether it may be entered now."""

    symbol: str
    tier: str | None = None
    eligible: bool = True
    has_bar: bool = True


@dataclass(frozen=True)
class Universe:
    """The symbols that have had a bar so far, in the order of their names.

    >>> universe = Universe((Asset("DAX"), Asset("SPX", eligible=False)))
    >>> [asset.symbol for asset in universe.get_all_eligible()], "SPX" in universe
    (['DAX'], True)
    """

    assets: tuple[Asset, ...]
    _by_symbol: dict[str, Asset] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_symbol", {asset.symbol: asset for asset in self.assets})

    def get_all_eligible(self) -> list[Asset]:
        """Return the assets that may be entered now."""
        return [asset for asset in self.assets if asset.eligible]

    def get(self, symbol: str) -> Asset | None:
        """Return an asset by its symbol, None when it is unknown so far."""
        return self._by_symbol.get(symbol)

    def __iter__(self) -> Iterator[Asset]:
        return iter(self.assets)

    def __len__(self) -> int:
        return len(self.assets)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._by_symbol

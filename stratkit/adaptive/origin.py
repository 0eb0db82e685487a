"""`origin_of` and `origin_doubt`: under which strategies and regimes something was learned, and what differs now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stratkit.regimes.settings import RegimeMethod, RegimeSettings
from stratkit.strategies.settings import StrategySettings

ORIGIN: Final = "origin"  # its key in a state
_OF_STRATEGY: Final = {"every_bars", "timeframe", "params"}
_OF_METHOD: Final[Mapping[RegimeMethod, set[str]]] = {
    "rules": {"rules"}, "trend": {"rules"}, "volatility": {"vol_bars", "fit"},
}  # fmt: skip
_SHOWN: Final = 4
_NONE: Final = "none"


def origin_of(running: Mapping[str, StrategySettings], regimes: RegimeSettings | None) -> dict[str, Any]:
    """Return what decides the opinions of the `running` strategies and the labels of regimes, as plain values.

    What a regime method does not look at is left out; so are weights and budgets, which change no opinion.
    """
    strategies = {
        name: {"type": one.spec, **one.model_dump(mode="json", include=_OF_STRATEGY)} for name, one in running.items()
    }
    if regimes is None:
        return {"strategies": strategies, "regimes": None}
    kept = {"method", "scope"} | _OF_METHOD.get(regimes.method, {"fit"})
    return {"strategies": strategies, "regimes": regimes.model_dump(mode="json", include=kept)}


def origin_doubt(learned: object, now: Mapping[str, Any]) -> str:
    """Return why what was `learned`, the record of a state, may not fit a run with the origin `now`; "" = nothing.

    Says nothing of a record that is no state: reading it does.
    """
    state = learned.get("state") if isinstance(learned, Mapping) else None
    before = state.get(ORIGIN) if isinstance(state, Mapping) else None
    if not isinstance(before, Mapping):
        return ""
    found = list(_differences(before, now))
    if not found:
        return ""
    more = f"; and {len(found) - _SHOWN:,} more differ" if len(found) > _SHOWN else ""
    return (
        f"the adaptive state was learned {'; '.join(found[:_SHOWN])}{more}: "
        "what was learned may not fit; --fresh-state begins anew"
    )


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield each setting that differs; where strategy or method differ, not what hangs on them."""
    pairs = [(name, "type", _block(before, "strategies").get(name), one) for name, one in now["strategies"].items()]
    pairs.append(("regimes", "method", before.get("regimes"), now["regimes"]))
    for owner, kind, old, new in pairs:
        was, has = dict(_flat(old)), dict(_flat(new))
        keys = [kind] if was.get(kind) != has.get(kind) else list(dict.fromkeys((*was, *has)))
        for key in keys:
            if was.get(key) != has.get(key):
                yield f"with {owner} {key} {_word(was.get(key))}, this run has {_word(has.get(key))}"


def _block(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


def _flat(block: object, above: str = "") -> Iterator[tuple[str, object]]:
    for name, value in block.items() if isinstance(block, Mapping) else ():
        if isinstance(value, Mapping):
            yield from _flat(value, "" if name == "params" else f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _word(value: object) -> str:
    if value is None:
        return _NONE
    return f"{value:g}" if isinstance(value, float) else str(value) or '""'

"""`Chart`: one interactive chart as data: traces and a layout whose colours are names, resolved by the page's script.

A colour is written ``var(--main)``, as in the style sheet, so that a chart changes with the theme.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from stratkit.panel import FloatArray

Trace = dict[str, Any]
_CLOSE: Final = 8  # a log axis over a smaller ratio has room for more marks
_CLOSE_STEPS: Final = (1, 1.5, 2, 3, 5, 7)
_WIDE: Final = 2_000  # a log axis over a larger ratio has marks at powers of ten only


@dataclass(frozen=True)
class Chart:
    """A chart called `name` under its `title`; `empty` is said in place of a chart that has nothing to show.

    `narrow` is laid over the layout in a narrow window. `size` is a class of the style sheet.
    """

    name: str
    title: str
    caption: str
    traces: tuple[Trace, ...] = ()
    layout: Mapping[str, Any] = field(default_factory=dict)
    narrow: Mapping[str, Any] = field(default_factory=dict)
    size: str = ""
    empty: str = ""


def charts_text(charts: Iterable[Chart]) -> str:
    """Return charts as JSON for the page, in which no text can end the script that holds it."""
    plain = [
        {"id": one.name, "data": list(one.traces), "layout": one.layout, "narrow": one.narrow, "empty": one.empty}
        for one in charts
    ]
    text = json.dumps(_plain(plain), allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")


def shown(text: str) -> str:
    """Return text that the chart library, which reads some markup, shows as it is."""
    return html.escape(text, quote=False)


def numbers(values: FloatArray | Sequence[float], digits: int = 6) -> list[float | None]:
    """Return numbers rounded to what a screen can tell apart; None where there is none."""
    return [float(f"{value:.{digits}g}") if math.isfinite(value) else None for value in map(float, values)]


def log_ticks(low: float, high: float) -> dict[str, Any]:
    """Return marks of a log axis at 1, 2, 5 times a power of ten: the library's own would be crowded or bare.

    More of them within one power of ten.

    >>> log_ticks(2, 60)["ticktext"], log_ticks(690, 2900)["ticktext"]
    (['2', '5', '10', '20', '50'], ['700', '1000', '1500', '2000'])
    """
    steps = _CLOSE_STEPS if high / low < _CLOSE else (1, 2, 5) if high / low < _WIDE else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = [step * 10.0**power for power in powers for step in steps]
    kept = [mark for mark in marks if low * 0.99 <= mark <= high * 1.01]
    return {"tickmode": "array", "tickvals": kept, "ticktext": [f"{mark:g}" for mark in kept]}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

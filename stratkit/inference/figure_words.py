"""`plain_number`: a figure as every page, terminal and sentence shows it."""

from __future__ import annotations

import math
from typing import Final

NO_FIGURE: Final = "n/a"
MINUS: Final = "\N{MINUS SIGN}"


def plain_number(value: float, digits: int = 2, signed: bool = False, suffix: str = "") -> str:
    """Return a figure with a minus sign as in tables; no sign where it is rounded to 0; n/a where there is none.

    >>> plain_number(-0.18), plain_number(0.18, signed=True), plain_number(-0.001, signed=True)
    ('\N{MINUS SIGN}0.18', '+0.18', '0.00')
    >>> plain_number(1234.5, 1, suffix="%"), plain_number(math.inf)
    ('1,234.5%', 'n/a')
    """
    if not math.isfinite(value):
        return NO_FIGURE
    text = f"{abs(value):,.{digits}f}"
    is_zero = float(text.replace(",", "")) == 0
    sign = MINUS if value < 0 and not is_zero else "+" if signed and value > 0 and not is_zero else ""
    return sign + text + suffix

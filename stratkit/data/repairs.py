"""`REPAIRS`: every repair by name, in the order in which they are applied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from stratkit.data import repair_prices as prices
from stratkit.data import repair_stamps as stamps
from stratkit.data.findings import CODES
from stratkit.data.repair import Repair
from stratkit.data.repair_splits import apply_splits
from stratkit.errors import UsageError, did_you_mean

# A zone before a shift, order before repeats, broken rows before what compares rows with each other.
REPAIRS: Final[dict[str, Repair]] = {
    repair.name: repair
    for repair in (
        Repair("drop_bad_numbers", ("bad_number",), "a price or a volume is text that is no number",
               prices.drop_lines),
        Repair("localize", ("no_time_zone", "mixed_zones", "dst_skipped", "dst_doubled"),
               "the stamp was read on the clock of --tz; one that clocks skip or repeat is no moment",
               stamps.localize, "tz"),
        Repair("drop_implausible", ("implausible_stamp",), "the stamp lies outside the years 1800 to 2150",
               prices.drop_lines, safe=False),
        Repair("shift_to_start", ("end_stamped",), "the stamp was the end of the bar (--stamp end)",
               stamps.shift_to_start, "stamp"),
        Repair("sort", ("unsorted", "descending"), "stamps ascend within a symbol", stamps.sort),
        Repair("drop_equal", ("equal_duplicates",), "the row repeats an earlier one, value by value",
               stamps.drop_equal),
        Repair("drop_incomplete", ("partial_bar", "empty_bar"), "the row lacks a price", prices.drop_incomplete),
        Repair("drop_infinite", ("infinite_value",), "a price or the volume is infinite", prices.drop_infinite),
        Repair("drop_non_positive", ("non_positive",), "a price is zero or negative", prices.drop_non_positive),
        Repair("keep_one", ("conflicting_duplicates",), "another row of the stamp was to stay (--keep)",
               stamps.keep_one, "keep"),
        Repair("forget_negative_volume", ("negative_volume",), "a volume below zero is unknown",
               prices.forget_negative_volume),
        Repair("widen_range", ("ohlc_violation",), "high and low hold open and close, off by rounding only",
               prices.widen_range),
        Repair("drop_crossed", ("ohlc_violation",), "high and low do not hold open and close", prices.drop_crossed),
        Repair("scale_prices", ("point_prices",), "prices counted points (--price-scale)",
               prices.scale_prices, "price_scale"),
        Repair("drop_off_calendar", ("off_calendar",), "the bar lies outside the sessions of the calendar",
               prices.drop_lines, safe=False),
        Repair("drop_off_grid", ("off_grid",), "the stamp lies beside the grid of its frequency",
               prices.drop_lines, safe=False),
        Repair("drop_impossible", ("impossible_return",), "the price changes by a factor that no market makes",
               prices.drop_lines, safe=False),
        Repair("drop_spikes", ("spike",), "one bar jumps far away and the next comes back",
               prices.drop_lines, safe=False),
        Repair("drop_wicks", ("wick",), "a price of the bar stands far away from everything around it",
               prices.drop_lines, safe=False),
        Repair("apply_splits", ("split_like", "mixed_adjustment"), "prices before the split were not adjusted for it",
               apply_splits, "actions_path"),
    )
}  # fmt: skip

# what reading alone settles: the code of the finding -> what the log says, and whether the line is left out
SETTLED: Final[dict[str, tuple[str, str, bool]]] = {
    "banner_lines": ("drop_banner", "the line stands before the header", True),
    "repeated_header": ("drop_headers", "the header stands again", True),
    "ragged_lines": ("drop_ragged", "the line has another number of values", True),
    "bad_stamp": ("drop_unreadable", "the stamp is missing or cannot be read", True),
    "no_symbol_name": ("drop_unnamed", "the row does not name its symbol", True),
    "mixed_epochs": ("one_epoch", "the stamp was read in the unit that makes it a date of 1980 to 2100", False),
    "mixed_stamp_formats": ("one_format", "the stamp was written in another format than most", False),
}


def chosen_repairs(names: Iterable[str]) -> list[Repair]:
    """Return the repairs that are named, or that are for a code that is named, in order of application.

    Raises `UsageError` with the nearest name for an unknown one, and for a code that nothing repairs.
    """
    wanted: dict[str, Repair] = {}
    for name in names:
        found = [repair for repair in REPAIRS.values() if name == repair.name or name in repair.codes]
        wanted |= {repair.name: repair for repair in found}
        if found or name in SETTLED or name in [settled for settled, *_ in SETTLED.values()]:
            continue
        if name in CODES:
            raise UsageError(f"--repair {name}: nothing repairs this; {CODES[name].todo}")
        known = [*REPAIRS, *(code for repair in REPAIRS.values() for code in repair.codes)]
        raise UsageError(
            f"--repair must name a repair or the code of a finding; found {name!r}; {did_you_mean(name, known)}"
        )
    return [repair for repair in REPAIRS.values() if repair.name in wanted]

"""`attribution_record`: who earned what, as plain values for JSON."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from stratkit.analytics.attribution import Attribution
from stratkit.analytics.funnel import STEPS
from stratkit.analytics.groups import GroupTable

_TABLES: Final = ("by_strategy", "by_symbol", "by_month", "by_exit_reason")


def attribution_record(attribution: Attribution) -> dict[str, Any]:
    """Return the tables of an attribution as plain values: money in account currency, fractions, NaN for undefined."""
    risk, funnel = attribution.risk, attribution.funnel
    return {
        "total": attribution.total,
        **{name: _rows(getattr(attribution, name)) for name in _TABLES},
        **({} if attribution.by_regime is None else {"by_regime": _rows(attribution.by_regime)}),
        **({} if attribution.by_profile is None else {"by_profile": _rows(attribution.by_profile)}),
        "by_contribution": None
        if attribution.contributed is None
        else dict(zip((*attribution.strategies, "account"), attribution.contributed.tolist())),
        "proposals": {
            name: {"generated": int(funnel.generated[place]), **dict(zip(STEPS, funnel.counts[place].tolist()))}
            for place, name in enumerate(funnel.strategies)
        },
        "risk": {
            "n": risk.n,
            "confidence": risk.confidence,
            "diversification_ratio": risk.diversification_ratio,
            "correlation": risk.correlation.tolist(),
            **{
                name: dict(zip(risk.names, getattr(risk, name).tolist()))
                for name in ("sd", "volatility", "var_gauss", "cvar_hist")
            },
        },
    }


def _rows(table: GroupTable) -> list[dict[str, Any]]:
    names = [field.name for field in fields(table) if field.name not in ("kind", "names")]
    columns = [getattr(table, name).tolist() for name in names]
    return [{"name": name, **dict(zip(names, values))} for name, *values in zip(table.names, *columns)]

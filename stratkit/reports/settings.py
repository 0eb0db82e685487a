"""`ReportSettings`: which files a report writes and how much they hold."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ReportSettings(BaseModel):
    """What is written beside a run's tables; the defaults keep the page under 2.5 MB."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    html: bool = Field(True, description="write report.html, one offline page")
    png: bool = Field(True, description="write the main figures as PNG files")
    png_dpi: int = Field(110, ge=40, le=400, description="resolution of the PNG figures [dots per inch]")
    max_points: int = Field(
        2_000, ge=50, le=4_000, description="pixel buckets of a line; each keeps its lowest and highest value [count]"
    )
    max_candles: int = Field(2_000, ge=50, le=4_000, description="candles of the price chart of one symbol [count]")
    price_symbols: int = Field(
        12, ge=1, le=20, description="symbols in the price chart, the most traded first; they share the candles [count]"
    )
    max_trades: int = Field(2_000, ge=8, le=4_000, description="trades in the page's table and charts [count]")
    worst_drawdowns: int = Field(10, ge=1, le=100, description="rows of the drawdown table [count]")
    rolling_periods: int = Field(
        126, ge=2, description="window of the rolling figures [return periods]; a third of a shorter run"
    )
    histogram_bins: int = Field(81, ge=11, le=401, description="bars of the return distribution [count]")

# ruff: noqa: UP006, UP035, SIM102  another system's strategy, word for word but for its imports and the RSI
# mypy: disable-error-code="unreachable"
# fmt: off
"""A strategy written for another system, to be run as it was written there."""

from typing import Any, List

from stratkit.features import rsi
from stratkit.strategies import BarContext as StrategyContext
from stratkit.strategies import BaseStrategy
from stratkit.strategies import Proposal as TradeProposal


class MeanReversionStrategy(BaseStrategy):
    """
    Buy assets with RSI < 30 (oversold)
    Sell assets with RSI > 70 (overbought)
    """

    def generate_proposals(self, context: StrategyContext) -> List[Any]:
        """Generate mean-reversion proposals"""
        proposals = []

        # Extract strategy parameters
        params = self.config.get("params", {})
        rsi_oversold = params.get("rsi_oversold", 30)
        rsi_overbought = params.get("rsi_overbought", 70)

        # Scan universe for mean-reversion opportunities
        for asset in context.universe.get_all_eligible():
            # Calculate RSI (would need OHLCV data from context.state or separate indicator service)
            rsi = self._calculate_rsi(asset.symbol, context)

            if rsi is None:
                continue

            # Generate BUY proposal if oversold
            if rsi < rsi_oversold:
                proposals.append(TradeProposal(
                    symbol=asset.symbol,
                    side="BUY",
                    size_pct=2.0,  # 2% position size
                    reason=f"RSI oversold: {rsi:.1f} < {rsi_oversold}",
                    confidence=min((rsi_oversold - rsi) / rsi_oversold, 1.0),
                    trigger=None,  # No trigger, strategy-generated
                    stop_loss_pct=5.0,
                    take_profit_pct=10.0,
                ))

            # Generate SELL proposal if overbought (for existing positions)
            elif rsi > rsi_overbought:
                # Only propose sell if we hold this asset
                if self._has_position(asset.symbol, context):
                    proposals.append(TradeProposal(
                        symbol=asset.symbol,
                        side="SELL",
                        size_pct=100.0,  # Exit entire position
                        reason=f"RSI overbought: {rsi:.1f} > {rsi_overbought}",
                        confidence=min((rsi - rsi_overbought) / (100 - rsi_overbought), 1.0),
                        trigger=None,
                    ))

        return proposals

    def _calculate_rsi(self, symbol: str, context: StrategyContext) -> float:
        """Calculate RSI indicator (14-period)"""
        return context.value(rsi, 14, symbol=symbol)

    def _has_position(self, symbol: str, context: StrategyContext) -> bool:
        """Check if we have an open position in this symbol"""
        if not context.state:
            return False

        positions = context.state.get("positions", {})
        return symbol in positions

"""Backtest, search and judge trading strategies: a command line over one honest engine."""

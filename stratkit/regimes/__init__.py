"""Regimes."""

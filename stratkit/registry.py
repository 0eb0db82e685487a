"""`Registry[T]`: a name to a lazily imported thing, with did-you-mean and entry points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from stratkit.errors import UsageError, did_you_mean

T = TypeVar("T")


@dataclass(frozen=True)
class Registry(Generic[T]):
    """Names of one kind of thing (`kind`, for messages), built-in or from entry points.

    `builtin` maps a name to ``"module:attribute"``; nothing is imported before `get`.
    `group` names the entry-point group through which packages add their own.
    """

    kind: str
    builtin: dict[str, str]
    group: str | None = None
    _loaded: dict[str, T] = field(default_factory=dict, repr=False)

    def names(self) -> list[str]:
        """Return all known names, built-in ones first, each group in order."""
        return [*self.builtin, *sorted(set(self._plugins()) - set(self.builtin))]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __contains__(self, name: str) -> bool:
        return name in self.builtin or name in self._plugins()

    def get(self, name: str) -> T:
        """Import and return the thing called `name`; raise `UsageError` when unknown."""
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> T:
        if name in self.builtin:
            module, _, attribute = self.builtin[name].partition(":")
            return cast(T, getattr(import_module(module), attribute))
        plugins = self._plugins()
        if name in plugins:
            module, _, attribute = plugins[name].partition(":")
            return cast(T, getattr(import_module(module), attribute))
        raise UsageError(f"unknown {self.kind} {name!r}; {did_you_mean(name, self.names())}")

    def _plugins(self) -> dict[str, str]:
        if self.group is None:
            return {}
        return {point.name: point.value for point in entry_points(group=self.group)}

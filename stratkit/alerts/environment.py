"""`from_environment`: secrets of a channel, read when it is used, so that no configuration or run holds them."""

from __future__ import annotations

import os
import re

from stratkit.alerts.delivery import ChannelDownError


def filled_in(text: str) -> str:
    """Return `text` with each ``${NAME}`` replaced by that environment variable."""
    return re.sub(r"\$\{(\w+)\}", lambda found: from_environment(found[1]), text)


def visible(text: str, what: str) -> str:
    """Return `text`; raise `ChannelDownError` when a request cannot hold it, for urllib's own error would show it."""
    if not re.fullmatch(r"[!-~]+", text):
        raise ChannelDownError(f"{what} must be visible ASCII characters; found others, such as a space")
    return text


def from_environment(name: str) -> str:
    """Return the value of an environment variable; raise `ChannelDownError` when it is not set or empty."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise ChannelDownError(f"the environment variable {name} must be set; found nothing: export {name}=...")
    return value

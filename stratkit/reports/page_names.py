"""`SEARCH_PAGE`, `WALK_PAGE`, `LEARNED_PAGE`: names of pages beside a run's report, and what leads to them."""

from __future__ import annotations

from typing import Final

SEARCH_PAGE: Final = "search.html"
WALK_PAGE: Final = "walk.html"
LEARNED_PAGE: Final = "adaptive.html"
LEADS: Final = {
    SEARCH_PAGE: "These values are the best that a search found, and so look better than they are: see",
    WALK_PAGE: "These values were chosen fold by fold, on other bars than those they are shown on: see",
}

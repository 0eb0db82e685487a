"use strict";
/* Runs before anything is painted, so that a dark page never flashes white. */
{
  let theme = null;
  try { theme = localStorage.getItem("stratkit-theme"); } catch { /* storage is closed: follow the system */ }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.chosen = theme;
  else theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.theme = theme;
}

"use strict";
/* What every page with charts shares: the theme, unpacking, the chart library, width, paper, and saying that it failed.
   `build` draws the page with what it is given, and sets `page.redraw` to what draws it once more. */
const openPage = (build) => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  const giveUp = (why) => {
    byId("fallback-why").textContent = why;
    byId("fallback").hidden = false;
    root.dataset.state = "failed";
  };

  // ---- theme: the reader's choice, else the system's
  const system = matchMedia("(prefers-color-scheme: dark)");
  const remember = (theme) => { try { localStorage.setItem("stratkit-theme", theme); } catch { /* private window: not kept */ } };
  let chosen = root.dataset.chosen || null;
  const themeNow = () => (root.classList.contains("printing") ? "light" : chosen || (system.matches ? "dark" : "light"));
  const applyTheme = () => { root.dataset.theme = themeNow(); page.redraw(); };
  const followTheme = () => {
    byId("theme").addEventListener("click", () => {
      chosen = themeNow() === "dark" ? "light" : "dark";
      remember(chosen);
      applyTheme();
    });
    system.addEventListener("change", applyTheme);
    applyTheme();
  };

  // ---- unpacking
  const unpack = async (id) => {
    if (typeof DecompressionStream === "undefined") throw new Error("this browser cannot unpack them; one from 2023 or later can");
    const element = byId(id);
    const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
    element.textContent = ""; // two megabytes that nothing reads again
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };
  const loadLibrary = async () => {
    const script = document.createElement("script");
    script.textContent = new TextDecoder().decode(await unpack("library"));
    document.head.append(script);
    if (typeof Plotly === "undefined") throw new Error("the chart library did not start");
  };

  // ---- width, and paper: light, every chart drawn for it
  const followWidth = () => {
    let width = root.clientWidth, waiting = 0;
    addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { if (root.clientWidth !== width) { width = root.clientWidth; page.redraw(); } }, 120);
    });
  };
  const followPaper = () => {
    const printing = (on) => {
      root.classList.toggle("printing", on);
      applyTheme();
    };
    addEventListener("beforeprint", () => printing(true));
    addEventListener("afterprint", () => printing(false));
  };

  const page = {
    byId, root, unpack, loadLibrary, redraw: () => {},
    colour: (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim(),
    touch: matchMedia("(pointer: coarse)").matches,
    // the library measures a chart once: after a change of width, or on paper, it would be cut
    sized: (place, layout) => ({ ...layout, width: place.clientWidth, height: place.clientHeight }),
    breathe: () => new Promise((next) => setTimeout(next)), // between two charts, so that the page stays alive
  };
  const start = async () => {
    followTheme();
    await build(page);
    followWidth();
    followPaper();
    root.dataset.state = "ready";
  };
  start().catch((error) => { giveUp(String(error.message || error)); console.error(error); });
};

"use strict";
const giveUp = (why) => {
  document.getElementById("fallback-why").textContent = why;
  document.getElementById("fallback").hidden = false;
  document.documentElement.dataset.state = "failed";
};
/* Unpacks the chart library and draws charts that come as data; colours are names of the style sheet. */
const start = async () => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const remember = (theme) => { try { localStorage.setItem("stratkit-theme", theme); } catch { /* private window: not kept */ } };
  let chosen = root.dataset.chosen || null, redraw = () => {};
  const themeNow = () => (root.classList.contains("printing") ? "light" : chosen || (system.matches ? "dark" : "light"));
  const applyTheme = () => { root.dataset.theme = themeNow(); redraw(); };
  byId("theme").addEventListener("click", () => {
    chosen = themeNow() === "dark" ? "light" : "dark";
    remember(chosen);
    applyTheme();
  });
  system.addEventListener("change", applyTheme);
  applyTheme();

  const charts = JSON.parse(byId("charts").textContent);
  for (const chart of charts.filter((one) => one.empty)) {
    const note = Object.assign(document.createElement("p"), { className: "empty", textContent: chart.empty });
    byId(`chart-${chart.id}`).replaceChildren(note);
  }
  const drawn = charts.filter((one) => !one.empty);

  if (typeof DecompressionStream === "undefined") return giveUp("this browser cannot unpack them; one from 2023 or later can");
  const element = byId("library");
  const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
  element.textContent = ""; // two megabytes that nothing reads again
  const script = document.createElement("script");
  script.textContent = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  document.head.append(script);
  if (typeof Plotly === "undefined") return giveUp("the chart library did not start");

  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const touch = matchMedia("(pointer: coarse)").matches;
  const narrow = () => root.clientWidth < 760;
  const isPlain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  // a colour is a whole text, so that no name of a user is taken for one
  const resolved = (value) => {
    if (typeof value === "string") { const name = /^var\(--([\w-]+)\)$/.exec(value); return name ? colour(name[1]) : value; }
    if (Array.isArray(value)) return value.map(resolved);
    if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item)]));
    return value;
  };
  const merged = (base, over) => {
    const both = { ...base };
    for (const [key, value] of Object.entries(over)) both[key] = isPlain(value) && isPlain(both[key]) ? merged(both[key], value) : value;
    return both;
  };
  const axis = () => ({ gridcolor: colour("grid"), zerolinecolor: colour("rule-2"), linecolor: colour("rule-2"), automargin: true, title: { font: { size: 12 }, standoff: 8 } });
  const base = (over) => ({
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("soft") },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 46, r: 10, t: 28, b: 24 },
    hoverlabel: { bgcolor: colour("paper"), bordercolor: colour("rule-2"), font: { color: colour("ink"), size: 12 }, align: "left" },
    legend: { orientation: "h", x: 0, y: 1.01, xanchor: "left", yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
    dragmode: touch ? false : "zoom", separators: ".,",
    ...Object.fromEntries(["xaxis", "yaxis", ...Object.keys(over).filter((key) => /^[xy]axis\d$/.test(key))].map((key) => [key, axis()])),
  });
  const draw = (chart) => {
    const over = narrow() ? merged(chart.layout, chart.narrow) : chart.layout;
    const layout = merged(base(over), resolved(over));
    const traces = resolved(chart.data).map((trace) => (trace.colorbar ? { ...trace, colorbar: { tickfont: { color: colour("soft"), size: 11 }, ...trace.colorbar } } : trace));
    Plotly.react(`chart-${chart.id}`, traces, layout, { displaylogo: false, displayModeBar: false });
  };
  redraw = () => drawn.forEach(draw);
  for (const chart of drawn) {
    draw(chart);
    await new Promise((next) => setTimeout(next));
  }
  let width = root.clientWidth, waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (root.clientWidth !== width) { width = root.clientWidth; redraw(); } }, 120);
  });

  // ---- print: light, at the width of the paper
  const printing = (on) => {
    root.classList.toggle("printing", on);
    root.dataset.theme = themeNow();
    redraw();
  };
  addEventListener("beforeprint", () => printing(true));
  addEventListener("afterprint", () => printing(false));
  root.dataset.state = "ready";
};
start().catch((error) => { giveUp(String(error.message || error)); console.error(error); });

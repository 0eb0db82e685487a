"use strict";
const giveUp = (why) => {
  document.getElementById("fallback-why").textContent = why;
  document.getElementById("fallback").hidden = false;
  document.documentElement.dataset.state = "failed";
};
/* Unpacks the chart library and draws the curves; runs the theme and the scale. */
const start = async () => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const remember = (theme) => { try { localStorage.setItem("stratkit-theme", theme); } catch { /* private window: not kept */ } };
  let chosen = root.dataset.chosen || null, draw = () => {};
  const themeNow = () => chosen || (system.matches ? "dark" : "light");
  const applyTheme = () => { root.dataset.theme = themeNow(); draw(); };
  byId("theme").addEventListener("click", () => {
    chosen = themeNow() === "dark" ? "light" : "dark";
    remember(chosen);
    applyTheme();
  });
  system.addEventListener("change", applyTheme);
  applyTheme();

  if (typeof DecompressionStream === "undefined") return giveUp("this browser cannot unpack them; one from 2023 or later can");
  const element = byId("library");
  const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
  element.textContent = ""; // two megabytes that nothing reads again
  const script = document.createElement("script");
  script.textContent = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  document.head.append(script);
  if (typeof Plotly === "undefined") return giveUp("the chart library did not start");

  const { curves, intraday } = JSON.parse(byId("curves").textContent);
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const touch = matchMedia("(pointer: coarse)").matches;
  const dashes = ["solid", "dash", "dot", "dashdot"]; // after five colours the line changes
  let log = true;
  const trace = (curve, place, values, more) => ({
    type: "scatter", mode: "lines", name: curve.label, x: curve.times, y: values, legendgroup: curve.label,
    line: { color: colour(`c${(place % 5) + 1}`), width: 1.7, dash: dashes[Math.floor(place / 5) % dashes.length] }, ...more,
  });
  // a log axis would label its marks 2, 5, 8, 9: powers are left out
  const marks = (() => {
    const values = curves.flatMap((curve) => curve.equity).filter((value) => value > 0);
    const low = values.reduce((a, b) => Math.min(a, b), 1), high = values.reduce((a, b) => Math.max(a, b), 1);
    const steps = high / low < 4 ? [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8] : high / low < 60 ? [1, 1.5, 2, 3, 5, 7] : high / low < 1e4 ? [1, 3] : [1];
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      for (const step of steps) if (step * 10 ** power >= low * 0.97 && step * 10 ** power <= high * 1.03) found.push(step * 10 ** power);
    }
    return { tickvals: found, ticktext: found.map((value) => `${Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 6 })}\u00d7`) };
  })();
  const axis = (more) => ({ gridcolor: colour("grid"), zerolinecolor: colour("rule-2"), linecolor: colour("rule-2"), automargin: true, ...more });
  draw = () => {
    const up = curves.map((curve, place) => trace(curve, place, log ? curve.equity.map((value) => (value > 0 ? value : null)) : curve.equity, { hovertemplate: "%{y:.3f}\u00d7" }));
    const down = curves.map((curve, place) => trace(curve, place, curve.drawdown, { yaxis: "y2", showlegend: false, hovertemplate: "%{y:.1%}" }));
    Plotly.react("chart-curves", [...up, ...down], {
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("soft") },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 46, r: 10, t: 10, b: 24 },
      hovermode: "x unified", hoverlabel: { bgcolor: colour("paper"), bordercolor: colour("rule-2"), font: { color: colour("ink"), size: 12 } },
      legend: { orientation: "h", x: 0, y: 1.01, xanchor: "left", yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
      dragmode: touch ? false : "zoom", separators: ".,",
      xaxis: axis({ type: "date", showgrid: false, anchor: "y2", hoverformat: intraday ? "%Y-%m-%d %H:%M" : "%Y-%m-%d" }),
      yaxis: axis({ type: log ? "log" : "linear", domain: [0.34, 1], title: { text: "multiple of the start" }, ...(log ? { tickmode: "array", ...marks } : { ticksuffix: "\u00d7" }) }),
      yaxis2: axis({ domain: [0, 0.28], tickformat: ".0%", title: { text: "drawdown" } }),
    }, { displaylogo: false, displayModeBar: false });
  };
  draw();
  byId("log").addEventListener("click", () => {
    log = !log;
    byId("log").setAttribute("aria-pressed", String(log));
    draw();
  });
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; Plotly.Plots.resize("chart-curves"); } });
  root.dataset.state = "ready";
};
start().catch((error) => giveUp(String(error)));

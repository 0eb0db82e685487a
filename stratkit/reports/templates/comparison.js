/* Draws the curves; runs the scale. */
openPage(async (page) => {
  const { byId, colour, sized, touch } = page;
  await page.loadLibrary();
  const { curves, intraday } = JSON.parse(byId("curves").textContent);
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
  const draw = () => {
    const up = curves.map((curve, place) => trace(curve, place, log ? curve.equity.map((value) => (value > 0 ? value : null)) : curve.equity, { hovertemplate: "%{y:.3f}\u00d7" }));
    const down = curves.map((curve, place) => trace(curve, place, curve.drawdown, { yaxis: "y2", showlegend: false, hovertemplate: "%{y:.1%}" }));
    const place = byId("chart-curves");
    Plotly.react(place, [...up, ...down], sized(place, {
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("soft") },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 46, r: 10, t: 10, b: 24 },
      hovermode: "x unified", hoverlabel: { bgcolor: colour("paper"), bordercolor: colour("rule-2"), font: { color: colour("ink"), size: 12 } },
      legend: { orientation: "h", x: 0, y: 1.01, xanchor: "left", yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
      dragmode: touch ? false : "zoom", separators: ".,",
      xaxis: axis({ type: "date", showgrid: false, anchor: "y2", hoverformat: intraday ? "%Y-%m-%d %H:%M" : "%Y-%m-%d" }),
      yaxis: axis({ type: log ? "log" : "linear", domain: [0.34, 1], title: { text: "multiple of the start" }, ...(log ? { tickmode: "array", ...marks } : { ticksuffix: "\u00d7" }) }),
      yaxis2: axis({ domain: [0, 0.28], tickformat: ".0%", title: { text: "drawdown" } }),
    }), { displaylogo: false, displayModeBar: false });
  };
  page.redraw = draw;
  draw();
  byId("log").addEventListener("click", () => {
    log = !log;
    byId("log").setAttribute("aria-pressed", String(log));
    draw();
  });
});

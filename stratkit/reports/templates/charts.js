/* Draws charts that come as data; colours are names of the style sheet. */
openPage(async (page) => {
  const { byId, root, colour, sized, touch } = page;
  const charts = JSON.parse(byId("charts").textContent);
  for (const chart of charts.filter((one) => one.empty)) {
    const note = Object.assign(document.createElement("p"), { className: "empty", textContent: chart.empty });
    byId(`chart-${chart.id}`).replaceChildren(note);
  }
  const drawn = charts.filter((one) => !one.empty);

  await page.loadLibrary();
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
    const place = byId(`chart-${chart.id}`);
    Plotly.react(place, traces, sized(place, layout), { displaylogo: false, displayModeBar: false });
  };
  page.redraw = () => drawn.forEach(draw);
  for (const chart of drawn) {
    draw(chart);
    await page.breathe();
  }
});

/* Unpacks the payload, draws the charts, runs the table. */
openPage(async (page) => {
  const { byId, colour, sized, touch } = page;
  const MINUS = "\u2212", MISSING = "n/a";
  const charts = [];
  page.redraw = () => charts.forEach((chart) => chart.draw());

  const [packed] = await Promise.all([page.unpack("payload"), page.loadLibrary()]);
  const headerLength = new DataView(packed.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(packed.subarray(4, 4 + headerLength)));
  const facts = header.facts;
  const array = (name) => {
    const [kind, offset, count] = header.arrays[name];
    const start = 4 + headerLength + offset, joined = new Uint8Array(4 * count);
    for (let plane = 0; plane < 4; plane++) for (let at = 0; at < count; at++) joined[4 * at + plane] = packed[start + plane * count + at];
    if (kind === "f4") return new Float32Array(joined.buffer);
    if (kind === "i4") return new Int32Array(joined.buffer);
    const steps = new Uint32Array(joined.buffer), times = new Float64Array(count);
    let tick = 0;
    for (let at = 0; at < count; at++) {
      tick = (tick + steps[at]) >>> 0;
      times[at] = tick === 4294967295 ? NaN : header.origin_ms + tick * header.tick_ms;
    }
    return times;
  };
  const has = (name) => `${name}.t` in header.arrays;
  const line = (name) => ({ x: array(`${name}.t`), y: array(`${name}.y`) });
  const lines = {};
  for (const name of ["equity", "benchmark", "drawdown", "benchmark_drawdown", "gross", "net", "sharpe", "volatility", "benchmark_sharpe", "benchmark_volatility"]) {
    if (has(name)) lines[name] = line(name);
  }

  // ---- wording
  const escape = (text) => String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
  const words = (text) => String(text).replaceAll("_", " ");
  const figure = (value, digits, sign) => {
    if (!Number.isFinite(value)) return MISSING;
    const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const zero = !/[1-9]/.test(text);
    return (value < 0 && !zero ? MINUS : sign && value > 0 && !zero ? "+" : "") + text;
  };
  const percent = (value, digits = 2, sign = false) => (Number.isFinite(value) ? figure(value * 100, digits, sign) + "%" : MISSING);
  const money = (value, sign = false) => figure(value, Math.abs(value) < 1000 ? 2 : 0, sign);
  const price = (value) => figure(value, value >= 10000 ? 1 : value >= 10 ? 2 : 4);
  const intraday = (() => { const times = lines.equity.x; return times.some((time) => time % 86400000 !== 0); })();
  const when = (time) => (Number.isFinite(time) ? new Date(time).toISOString().slice(0, intraday ? 16 : 10).replace("T", " ") : "open");

  // ---- drawing
  const narrow = () => innerWidth < 760;
  const axis = (more = {}) => ({ gridcolor: colour("grid"), zerolinecolor: colour("rule-2"), linecolor: colour("rule-2"), tickcolor: colour("rule-2"), automargin: true, ...more });
  const layout = (more = {}) => ({
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("soft") },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 46, r: 10, t: 10, b: 24 },
    hovermode: "x unified", hoverlabel: { bgcolor: colour("paper"), bordercolor: colour("rule-2"), font: { color: colour("ink"), size: 12 } },
    legend: { orientation: "h", x: 0, y: 1.01, xanchor: "left", yanchor: "bottom", font: { size: 12 }, bgcolor: "rgba(0,0,0,0)", traceorder: "normal" },
    dragmode: touch ? false : "zoom", separators: ".,", ...more,
  });
  const timeAxis = (more = {}) => axis({ type: "date", showgrid: false, hoverformat: intraday ? "%Y-%m-%d %H:%M" : "%Y-%m-%d", ...more });
  const options = { displaylogo: false, responsive: false, doubleClick: false, displayModeBar: false };
  const stroke = (name, series, color, more = {}) => ({ type: "scatter", mode: "lines", name, x: series.x, y: series.y, line: { color, width: 1.7 }, ...more });
  const finite = (values) => Array.from(values, (value) => (Number.isFinite(value) ? value : null));
  const positive = (values) => Array.from(values, (value) => (value > 0 ? value : null));
  const nothing = (id, text) => {
    const note = document.createElement("p");
    note.className = "empty";
    note.textContent = text;
    byId(`chart-${id}`).replaceChildren(note);
  };

  const total = [lines.equity.x[0], lines.equity.x[lines.equity.x.length - 1]];
  let view = null; // the span in sight of every chart over time; null is all of it
  const fitted = (traces, name, log, floor) => {
    let low = Infinity, high = -Infinity;
    for (const trace of traces) {
      if ((trace.yaxis || "y") !== name || trace.fitless) continue;
      for (const part of trace.parts || [trace.y]) {
        for (let at = 0; at < part.length; at++) {
          const value = part[at], time = trace.x[at];
          if (value === null || !Number.isFinite(value) || (view && (time < view[0] || time > view[1]))) continue;
          if (value < low) low = value;
          if (value > high) high = value;
        }
      }
    }
    if (low > high) return undefined;
    if (floor !== undefined) { low = Math.min(low, floor); high = Math.max(high, floor); }
    if (log) { low = Math.log10(low); high = Math.log10(high); }
    const pad = (high - low || Math.abs(high) || 1) * 0.06;
    return [low - pad, high + (floor === high ? pad / 3 : pad)];
  };

  /* A chart over time: zoom is horizontal only, the height fits what is in sight, all charts move together. */
  const timeChart = (id, build) => {
    const place = byId(`chart-${id}`);
    let listening = false;
    const draw = () => {
      const { traces, shape, floors = {}, logs = {} } = build();
      for (const name of Object.keys(shape).filter((key) => key.startsWith("yaxis"))) {
        const short = name.replace("axis", "");
        const range = fitted(traces, short, logs[short], floors[short]);
        shape[name] = { ...shape[name], fixedrange: true, ...(range ? { range, autorange: false } : {}) };
      }
      const span = view || total;
      shape.xaxis = { ...shape.xaxis, range: span[0] < span[1] ? span : undefined };
      Plotly.react(place, traces, sized(place, shape), options);
      if (listening) return;
      listening = true;
      place.on("plotly_relayout", (change) => {
        const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
        if (range[0] === undefined) return;
        const clock = (end) => (typeof end === "number" ? end : Date.parse(String(end).replace(" ", "T").replace(/(\.\d{3})\d*$/, "$1") + (String(end).length > 10 ? "Z" : "")));
        show(range.map(clock));
      });
      place.on("plotly_doubleclick", () => show(null));
    };
    return { draw, timed: true };
  };
  const plainChart = (id, build) => ({ draw: () => { const { traces, shape } = build(), place = byId(`chart-${id}`); Plotly.react(place, traces, sized(place, shape), options); } });
  let busy = false;
  const show = (span) => {
    if (busy || (span && !(span[0] < span[1]))) return;
    busy = true;
    view = span;
    charts.filter((chart) => chart.timed).forEach((chart) => chart.draw());
    markSpan();
    setTimeout(() => { busy = false; });
  };

  // ---- equity and drawdown
  let logScale = false;
  const equityChart = () => {
    const values = (series) => ({ x: series.x, y: logScale ? positive(series.y) : series.y });
    const traces = [];
    if (lines.benchmark) traces.push(stroke(escape(facts.benchmark), values(lines.benchmark), colour("bench"), { line: { color: colour("bench"), width: 1.4 }, hovertemplate: "%{y:,.0f}" }));
    traces.push(stroke("Strategy", values(lines.equity), colour("main"), { legendrank: 1, hovertemplate: "%{y:,.0f}", line: { color: colour("main"), width: 2 } }));
    if (lines.benchmark_drawdown) traces.push(stroke("benchmark drawdown", lines.benchmark_drawdown, colour("bench"), { yaxis: "y2", showlegend: false, line: { color: colour("bench"), width: 1 }, hovertemplate: "%{y:.1%}" }));
    traces.push(stroke("drawdown", lines.drawdown, colour("loss"), { yaxis: "y2", showlegend: false, fill: "tozeroy", fillcolor: colour("loss-soft"), line: { color: colour("loss"), width: 1.2 }, hovertemplate: "%{y:.1%}" }));
    return {
      traces, floors: { y2: 0 }, logs: { y: logScale },
      shape: layout({
        xaxis: timeAxis({ anchor: "y2" }), yaxis: axis({ domain: [0.33, 1], type: logScale ? "log" : "linear", tickformat: "~s", ...(logScale ? { dtick: "D2" } : {}) }),
        yaxis2: axis({ domain: [0, 0.27], tickformat: ".0%", nticks: 4 }), showlegend: Boolean(lines.benchmark), margin: { l: 46, r: 10, t: 26, b: 24 }, hoversubplots: "axis",
      }),
    };
  };

  // ---- rolling figures, exposure, costs
  const rolling = (name, format, zero) => () => {
    const traces = [];
    if (lines[`benchmark_${name}`]) traces.push(stroke(escape(facts.benchmark), lines[`benchmark_${name}`], colour("bench"), { line: { color: colour("bench"), width: 1.2 }, hovertemplate: `%{y:${format}}` }));
    traces.push(stroke("Strategy", lines[name], colour("main"), { legendrank: 1, hovertemplate: `%{y:${format}}` }));
    return { traces, floors: { y: zero }, shape: layout({ xaxis: timeAxis(), yaxis: axis({ tickformat: format === ".2f" ? "~g" : ".0%", zeroline: true }), showlegend: traces.length > 1, margin: { l: 46, r: 10, t: 24, b: 24 } }) };
  };
  const exposureChart = () => ({
    traces: [
      stroke("Gross", lines.gross, colour("main"), { line: { color: colour("main"), width: 1.2, shape: "hv" }, fill: "tozeroy", fillcolor: colour("main-soft"), hovertemplate: "%{y:.1%}" }),
      stroke("Net", lines.net, colour("c2"), { line: { color: colour("c2"), width: 1, shape: "hv" }, hovertemplate: "%{y:.1%}" }),
    ],
    floors: { y: 0 }, shape: layout({ xaxis: timeAxis(), yaxis: axis({ tickformat: ".0%" }), margin: { l: 46, r: 10, t: 24, b: 24 } }),
  });
  const costLines = facts.costs.map((name) => [name, line(`cost.${name}`)]);
  const costsChart = () => ({
    traces: costLines.map(([name, series], at) => stroke(name === "slippage" ? "slippage, inside the prices" : name, series, colour(`c${(at % 5) + 1}`), { line: { color: colour(`c${(at % 5) + 1}`), width: 1.7, shape: "hv", dash: ["solid", "dash", "dot", "dashdot", "longdash"][at % 5] }, hovertemplate: "%{y:,.2f}" })),
    floors: { y: 0 }, shape: layout({ xaxis: timeAxis(), yaxis: axis({ tickformat: "~s" }), showlegend: true, margin: { l: 46, r: 10, t: 24, b: 24 } }),
  });

  // ---- cumulative P&L of each strategy; the last line is all of them together
  const strategyLines = facts.strategies.map((name, at) => [name, line(`strategy.${at}`)]);
  const strategiesChart = () => ({
    traces: strategyLines.map(([name, series], at) => {
      const together = at === strategyLines.length - 1;
      const look = { color: colour(together ? "soft" : `c${(at % 5) + 1}`), width: together ? 1.4 : 1.8, dash: together ? "dot" : at < 5 ? "solid" : "dash" };
      return stroke(escape(name), series, look.color, { line: look, hovertemplate: "%{y:,.0f}" });
    }),
    floors: { y: 0 }, shape: layout({ xaxis: timeAxis(), yaxis: axis({ tickformat: "~s", zeroline: true }), showlegend: true, margin: { l: 46, r: 10, t: 24, b: 24 } }),
  });

  // ---- distribution
  const spread = facts.distribution;
  const edges = array("histogram.edges"), counts = array("histogram.counts");
  const histogramChart = () => {
    const width = edges[1] - edges[0], middle = Array.from(counts, (_, at) => (edges[at] + edges[at + 1]) / 2);
    const traces = [{ type: "bar", x: middle, y: counts, width, name: spread.unit, marker: { color: middle.map((value) => (value < 0 ? colour("loss") : colour("gain"))), line: { width: 0.6, color: colour("paper") } }, opacity: 0.85, customdata: middle.map((value, at) => `${percent(edges[at])} to ${percent(edges[at + 1])}`), hovertemplate: "%{customdata}<br>%{y:,} returns<extra></extra>", showlegend: false }];
    if (spread.sd > 0) {
      const x = Array.from({ length: 161 }, (_, at) => edges[0] + ((edges[edges.length - 1] - edges[0]) * at) / 160);
      const y = x.map((value) => (spread.count * width * Math.exp(-0.5 * ((value - spread.mean) / spread.sd) ** 2)) / (spread.sd * Math.sqrt(2 * Math.PI)));
      traces.push({ type: "scatter", mode: "lines", x, y, name: "normal curve", line: { color: colour("ink"), width: 1.4 }, hoverinfo: "skip" });
    }
    const highest = counts.reduce((one, two) => Math.max(one, two), 0);
    for (const [name, value] of Object.entries(spread.marks)) {
      if (value === null) continue;
      const tail = name.startsWith("cvar");
      traces.push({ type: "scatter", mode: "lines", x: [value, value], y: [0, highest], name: `${tail ? "CVaR" : "VaR"} ${percent(value)}`, line: { color: colour("ink"), width: 1.4, dash: tail ? "dot" : "dash" }, hoverinfo: "name" });
    }
    return { traces, shape: layout({ xaxis: axis({ tickformat: ".1~%", showgrid: false, fixedrange: true }), yaxis: axis({ fixedrange: true, tickformat: "~s" }), hovermode: "closest", bargap: 0, margin: { l: 46, r: 10, t: 24, b: 24 } }) };
  };

  // ---- trades, shared by the price chart, the excursions and the table
  const trade = {};
  for (const name of Object.keys(header.arrays)) if (name.startsWith("trades.")) trade[name.slice(7)] = array(name);
  const tradeCount = trade.pnl.length;
  const word = (name, at) => facts[`trades.${name}`][trade[name][at]];
  const story = (at) => [
    `<b>${escape(word("symbol", at))} ${trade.long[at] ? "long" : "short"}</b> ${escape(word("strategy", at))}`,
    `${when(trade.entry_time[at])} at ${price(trade.entry_price[at])} \u2192 ${when(trade.exit_time[at])}${Number.isFinite(trade.exit_price[at]) ? ` at ${price(trade.exit_price[at])}` : ""}`,
    `P&amp;L <b>${money(trade.pnl[at], true)}</b> (${percent(trade.return[at], 2, true)})${Number.isFinite(trade.r_multiple[at]) ? ` \u00b7 ${figure(trade.r_multiple[at], 2, true)} R` : ""} \u00b7 ${escape(words(word("exit_reason", at)))}`,
  ].join("<br>");

  // ---- price
  const prices = facts.symbols.map((symbol, place) => ({ x: array(`price.${place}.t`), open: array(`price.${place}.open`), high: array(`price.${place}.high`), low: array(`price.${place}.low`), close: array(`price.${place}.close`), size: facts.bars_per_candle[place] }));
  let symbolAt = 0, showMarks = true;
  let candleStyle = prices[0].x.length <= 400;
  const priceCaption = () => {
    const { size } = prices[symbolAt];
    const scale = size > 1 ? ` Each point joins ${size.toLocaleString("en-US")} bars; the band reaches from their low to their high.` : "";
    const listed = facts.symbols.length < facts.symbols_in_all ? ` The ${facts.symbols.length} most traded of ${facts.symbols_in_all} symbols.` : "";
    const rule = tradeCount < 1 ? "" : " Triangles are entries, up for long and down for short; dots are exits.";
    byId("box-price").querySelector("h3").textContent = facts.symbols[symbolAt];
    byId("box-price").querySelector(".chart-title p").textContent = (rule + scale + listed).trim();
  };
  const priceChart = () => {
    priceCaption();
    const bars = prices[symbolAt], traces = [];
    if (candleStyle) {
      traces.push({ type: "candlestick", name: "price", ...bars, parts: [bars.low, bars.high], y: bars.close, increasing: { line: { color: colour("gain"), width: 1 }, fillcolor: colour("gain") }, decreasing: { line: { color: colour("loss"), width: 1 }, fillcolor: colour("loss") }, showlegend: false, hoverinfo: "x+y" });
      delete traces[0].y;
    } else {
      if (bars.size > 1) {
        traces.push(stroke("low", { x: bars.x, y: bars.low }, colour("bench"), { line: { width: 0 }, hoverinfo: "skip", showlegend: false }));
        traces.push(stroke("high", { x: bars.x, y: bars.high }, colour("bench"), { line: { width: 0 }, fill: "tonexty", fillcolor: colour("main-soft"), hoverinfo: "skip", showlegend: false }));
      }
      traces.push(stroke("close", { x: bars.x, y: bars.close }, colour("soft"), { line: { color: colour("soft"), width: 1.3 }, showlegend: false, hovertemplate: "close %{y:,.4~f}<extra></extra>" }));
    }
    const mine = [];
    for (let at = 0; at < tradeCount; at++) {
      const inSight = !view || (trade.entry_time[at] <= view[1] && !(trade.exit_time[at] < view[0]));
      if (inSight && word("symbol", at) === facts.symbols[symbolAt]) mine.push(at);
    }
    if (showMarks && mine.length) {
      const paths = { gain: { x: [], y: [] }, loss: { x: [], y: [] } };
      for (const at of mine) {
        if (!Number.isFinite(trade.exit_price[at]) || !Number.isFinite(trade.exit_time[at])) continue;
        const path = paths[trade.pnl[at] > 0 ? "gain" : "loss"];
        path.x.push(trade.entry_time[at], trade.exit_time[at], null);
        path.y.push(trade.entry_price[at], trade.exit_price[at], null);
      }
      const crowded = mine.length > 400;
      for (const kind of ["gain", "loss"]) traces.push({ type: "scatter", mode: "lines", ...paths[kind], name: kind === "gain" ? "won" : "lost", line: { color: colour(kind), width: crowded ? 1 : 1.6, dash: kind === "gain" ? "solid" : "dot" }, hoverinfo: "skip", fitless: true });
      const marks = (rows, time, level, name, marker) => rows.length && traces.push({ type: "scatter", mode: "markers", name, x: rows.map((at) => trade[time][at]), y: rows.map((at) => trade[level][at]), text: rows.map(story), hovertemplate: "%{text}<extra></extra>", marker });
      const size = crowded ? 5 : 9, edge = { width: 1, color: colour("paper") };
      marks(mine.filter((at) => Number.isFinite(trade.exit_time[at])), "exit_time", "exit_price", "exit", { symbol: "circle", size: size - 3, color: colour("ink"), line: edge });
      marks(mine.filter((at) => trade.long[at]), "entry_time", "entry_price", "long entry", { symbol: "triangle-up", size: size + 1, color: colour("gain"), line: edge });
      marks(mine.filter((at) => !trade.long[at]), "entry_time", "entry_price", "short entry", { symbol: "triangle-down", size: size + 1, color: colour("loss"), line: edge });
    }
    return { traces, shape: layout({ xaxis: timeAxis({ rangeslider: { visible: false } }), yaxis: axis({ tickformat: ",~f" }), hovermode: "closest", margin: { l: 46, r: 10, t: 26, b: 24 } }) };
  };

  // ---- exit reasons, decisions, excursions
  const bars = (labels, values, color, text, hover) => ({
    traces: [{ type: "bar", orientation: "h", y: labels, x: values, width: Math.min(0.62, 0.11 * labels.length), marker: { color, opacity: 0.9 }, text, textposition: "outside", textfont: { color: colour("ink") }, cliponaxis: false, hovertemplate: "%{customdata}<extra></extra>", customdata: hover }],
    shape: layout({ hovermode: "closest", showlegend: false, bargap: 0.35, xaxis: axis({ fixedrange: true, tickformat: "~s", range: [0, 1.3 * Math.max(...values)] }), yaxis: axis({ fixedrange: true, autorange: "reversed", showgrid: false, ticklabelstandoff: 6 }), margin: { l: 20, r: 14, t: 8, b: 24 } }),
  });
  const reasonsChart = () => {
    const rows = facts.exit_reasons;
    return bars(rows.map((row) => words(row[0])), rows.map((row) => row[1]), rows.map((row) => (row[3] >= 0 ? colour("gain") : colour("loss"))), rows.map((row) => `${row[1].toLocaleString("en-US")} \u00b7 ${money(row[3], true)}`), rows.map((row) => `<b>${words(row[0])}</b><br>${row[1].toLocaleString("en-US")} trades, ${row[2].toLocaleString("en-US")} won<br>net P&amp;L ${money(row[3], true)}`));
  };
  const decisionsChart = () => {
    const rows = facts.decisions.slice(0, 9), rest = facts.decisions.slice(9).reduce((sum, row) => sum + row[2], 0);
    if (rest) rows.push(["all others", "", rest]);
    const label = (row) => words(row[0]) + (row[1] ? `: ${words(row[1])}` : "");
    const color = (row) => ({ filled: colour("main"), reduced: colour("c5"), refused: colour("loss") })[row[0]] || colour("bench");
    return bars(rows.map(label), rows.map((row) => row[2]), rows.map(color), rows.map((row) => row[2].toLocaleString("en-US")), rows.map((row) => `<b>${label(row)}</b><br>${row[2].toLocaleString("en-US")} decisions`));
  };
  const wholeUnits = trade.quantity.every((value) => Number.isInteger(value));
  const quantity = (value) => figure(value, wholeUnits ? 0 : value >= 1000 ? 1 : value >= 1 ? 3 : 6);
  const inR = () => { let with_r = 0; for (let at = 0; at < tradeCount; at++) if (Number.isFinite(trade.mae_r[at])) with_r++; return with_r > tradeCount / 2; };
  const excursionsChart = () => {
    const unit = inR(), adverse = unit ? trade.mae_r : trade.mae, favourable = unit ? trade.mfe_r : trade.mfe;
    const group = (won, name, symbol, color) => {
      const rows = [];
      for (let at = 0; at < tradeCount; at++) if (trade.pnl[at] > 0 === won) rows.push(at);
      return { type: "scatter", mode: "markers", name, x: rows.map((at) => Math.abs(adverse[at])), y: rows.map((at) => favourable[at]), text: rows.map(story), hovertemplate: "%{text}<extra></extra>", marker: { color, symbol, size: tradeCount > 600 ? 4.5 : 7, opacity: 0.65 }, cliponaxis: false };
    };
    const shape = unit ? ",~f" : ".0%", suffix = unit ? " R" : "";
    return {
      traces: [group(true, "won", "circle", colour("gain")), group(false, "lost", "x", colour("loss"))],
      shape: layout({ hovermode: "closest", xaxis: axis({ title: { text: "against", font: { size: 11.5 }, standoff: 4 }, tickformat: shape, ticksuffix: suffix, rangemode: "tozero" }), yaxis: axis({ title: { text: "in favour", font: { size: 11.5 }, standoff: 4 }, tickformat: shape, ticksuffix: suffix, rangemode: "tozero" }), margin: { l: 46, r: 10, t: 24, b: 40 } }),
    };
  };

  // ---- controls
  const segments = (id, entries, current, choose) => {
    const box = byId(id);
    if (!box) return () => {};
    const mark = (value) => [...box.children].forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.value === value)));
    for (const [value, label] of entries) {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.value = value;
      button.textContent = label;
      button.addEventListener("click", () => { mark(value); choose(value); });
      box.append(button);
    }
    mark(current);
    return mark;
  };
  const DAY = 86400000;
  const spans = [["1d", "1D", 1], ["1w", "1W", 7], ["1m", "1M", 30.44], ["3m", "3M", 91.3], ["6m", "6M", 182.6], ["1y", "1Y", 365.25], ["3y", "3Y", 1095.75], ["5y", "5Y", 1826.25], ["10y", "10Y", 3652.5], ["20y", "20Y", 7305]].filter((span) => span[2] * DAY < 0.9 * (total[1] - total[0])).slice(-4);
  const spanTo = (days) => [total[1] - days * DAY, total[1]];
  const markSpans = segments("spans", [...spans.map(([value, label]) => [value, label]), ["all", "All"]], "all", (value) => { const span = spans.find((entry) => entry[0] === value); show(span ? spanTo(span[2]) : null); });
  const markSpan = () => { const hit = spans.find((entry) => view && view[0] === spanTo(entry[2])[0] && view[1] === total[1]); markSpans(view ? (hit ? hit[0] : "") : "all"); };
  const press = (id, change) => byId(id).addEventListener("click", () => { const on = change(); byId(id).setAttribute("aria-pressed", String(on)); });

  // ---- the charts, most looked-at first; one frame each, so that the page answers meanwhile
  const drawn = [];
  const equity = timeChart("equity", equityChart), priced = timeChart("price", priceChart);
  drawn.push(equity);
  const maybe = (id, there, chart, text) => (there ? drawn.push(chart) : nothing(id, text));
  const few = (name) => lines[name].x.length > 1;
  maybe("sharpe", few("sharpe"), timeChart("sharpe", rolling("sharpe", ".2f", 0)), "Too few returns for a rolling figure.");
  maybe("volatility", few("volatility"), timeChart("volatility", rolling("volatility", ".1%", 0)), "Too few returns for a rolling figure.");
  maybe("histogram", spread.count > 1, plainChart("histogram", histogramChart), "Too few returns for a distribution.");
  drawn.push(timeChart("exposure", exposureChart));
  if (strategyLines.length) drawn.push(timeChart("strategies", strategiesChart));
  maybe("price", prices[0].x.length > 0, priced, "No price to show.");
  maybe("costs", costLines.length > 0, timeChart("costs", costsChart), "Nothing was paid: the run had no costs.");
  maybe("reasons", facts.exit_reasons.length > 0, plainChart("reasons", reasonsChart), "No trade was closed.");
  maybe("decisions", facts.decisions.length > 0, plainChart("decisions", decisionsChart), "No intent asked for a change.");
  maybe("excursions", tradeCount > 0, plainChart("excursions", excursionsChart), "No trade was made.");
  press("log", () => { logScale = !logScale; equity.draw(); return logScale; });
  press("marks", () => { showMarks = !showMarks; priced.draw(); return showMarks; });
  segments("price-style", [["line", "Line"], ["candles", "Candles"]], candleStyle ? "candles" : "line", (value) => { candleStyle = value === "candles"; priced.draw(); });
  if (facts.symbols.length > 1) {
    byId("symbol-pick").hidden = false;
    facts.symbols.forEach((symbol, place) => byId("symbol").append(new Option(symbol, String(place))));
    byId("symbol").addEventListener("change", (event) => { symbolAt = Number(event.target.value); priced.draw(); });
  }

  // ---- the trade table
  const columns = [
    ["trade", "#", "num", (at) => trade.trade[at], (at) => String(trade.trade[at])],
    ["symbol", "Symbol", "", (at) => word("symbol", at), (at) => word("symbol", at)],
    ["strategy", "Strategy", "", (at) => word("strategy", at), (at) => word("strategy", at)],
    ["side", "Side", "", (at) => trade.long[at], (at) => (trade.long[at] ? "long" : "short")],
    ["entry_time", "Entry", "", (at) => trade.entry_time[at], (at) => when(trade.entry_time[at])],
    ["exit_time", "Exit", "", (at) => trade.exit_time[at], (at) => when(trade.exit_time[at])],
    ["bars_held", "Bars", "num", (at) => trade.bars_held[at], (at) => trade.bars_held[at].toLocaleString("en-US")],
    ["quantity", "Quantity", "num", (at) => trade.quantity[at], (at) => quantity(trade.quantity[at])],
    ["entry_price", "In at", "num", (at) => trade.entry_price[at], (at) => price(trade.entry_price[at])],
    ["exit_price", "Out at", "num", (at) => trade.exit_price[at], (at) => price(trade.exit_price[at])],
    ["pnl", "P&L", "num signed", (at) => trade.pnl[at], (at) => money(trade.pnl[at], true)],
    ["return", "Return", "num signed", (at) => trade.return[at], (at) => percent(trade.return[at], 2, true)],
    ["r_multiple", "R", "num signed", (at) => trade.r_multiple[at], (at) => figure(trade.r_multiple[at], 2, true)],
    ["exit_reason", "Exit reason", "", (at) => word("exit_reason", at), (at) => words(word("exit_reason", at)) + (trade.ambiguous[at] ? " *" : "")],
  ];
  const usedColumns = columns.filter(([name]) => !((name === "r_multiple" && !trade.r_multiple.some(Number.isFinite)) || (name === "strategy" && facts["trades.strategy"].length < 2) || (name === "symbol" && facts.symbols_in_all < 2)));
  const table = { sort: "entry_time", down: false, page: 0, size: 25, kind: "all", text: "" };
  const rowsNow = () => {
    const read = columns.find((column) => column[0] === table.sort)[3];
    const wanted = table.text.trim().toLowerCase();
    const keep = { all: () => true, won: (at) => trade.pnl[at] > 0, lost: (at) => trade.pnl[at] < 0, long: (at) => trade.long[at] === 1, short: (at) => trade.long[at] === 0 }[table.kind];
    const rows = [];
    for (let at = 0; at < tradeCount; at++) {
      if (!keep(at)) continue;
      if (wanted && !`${word("symbol", at)} ${word("strategy", at)} ${words(word("exit_reason", at))}`.toLowerCase().includes(wanted)) continue;
      rows.push(at);
    }
    const missing = (value) => typeof value === "number" && !Number.isFinite(value);
    return rows.sort((one, two) => {
      const a = read(one), b = read(two);
      if (missing(a) || missing(b)) return missing(a) - missing(b) || one - two;
      const order = a < b ? -1 : a > b ? 1 : 0;
      return (table.down ? -order : order) || one - two;
    });
  };
  const fillTable = () => {
    const rows = rowsNow(), pages = Math.max(1, Math.ceil(rows.length / table.size));
    table.page = Math.min(table.page, pages - 1);
    const body = document.createDocumentFragment();
    for (const at of rows.slice(table.page * table.size, (table.page + 1) * table.size)) {
      const row = document.createElement("tr");
      for (const [name, , kind, read, text] of usedColumns) {
        const cell = document.createElement("td");
        if (name === "side") {
          const side = document.createElement("span");
          side.className = `side ${text(at)}`;
          side.textContent = text(at);
          cell.append(side);
        } else cell.textContent = text(at);
        if (kind.startsWith("num")) cell.className = kind.includes("signed") ? `num ${read(at) > 0 ? "gain" : read(at) < 0 ? "loss" : ""}` : "num";
        if (name === "exit_reason" && trade.ambiguous[at]) cell.title = "a bar held both the stop and the target";
        row.append(cell);
      }
      body.append(row);
    }
    const element = byId("trade-table");
    element.tBodies[0].replaceChildren(body);
    element.querySelectorAll("th").forEach((head) => {
      if (head.dataset.name === table.sort) head.setAttribute("aria-sort", table.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const from = rows.length ? table.page * table.size + 1 : 0;
    byId("pager-text").textContent = `${from.toLocaleString("en-US")}\u2013${Math.min(rows.length, (table.page + 1) * table.size).toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")}`;
    byId("previous").disabled = table.page === 0;
    byId("next").disabled = table.page >= pages - 1;
  };
  const buildTable = () => {
    const head = document.createElement("tr");
    for (const [name, label, kind] of usedColumns) {
      const cell = document.createElement("th"), button = document.createElement("button");
      cell.scope = "col";
      cell.dataset.name = name;
      if (kind.startsWith("num")) cell.className = "num";
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", () => {
        // numbers start with the largest, words and dates with the first
        table.down = table.sort === name ? !table.down : kind.startsWith("num") && name !== "trade";
        table.sort = name;
        table.page = 0;
        fillTable();
      });
      cell.append(button);
      head.append(cell);
    }
    byId("trade-table").tHead.append(head);
    const text = Object.assign(document.createElement("span"), { id: "pager-text" });
    const step = (id, label, by) => { const button = Object.assign(document.createElement("button"), { id, type: "button", textContent: label }); button.addEventListener("click", () => { table.page += by; fillTable(); }); return button; };
    byId("pager").append(text, step("previous", "Previous", -1), step("next", "Next", 1));
    byId("trade-filter").addEventListener("input", (event) => { table.text = event.target.value; table.page = 0; fillTable(); });
    segments("trade-kind", [["all", "All"], ["won", "Won"], ["lost", "Lost"], ["long", "Long"], ["short", "Short"]], "all", (value) => { table.kind = value; table.page = 0; fillTable(); });
    fillTable();
  };
  if (byId("trade-table")) buildTable();

  for (const chart of drawn) {
    charts.push(chart);
    chart.draw();
    await page.breathe();
  }
});

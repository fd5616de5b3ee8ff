// Draws a lab's figure from its table, NAME.tsv, and its description, NAME.json (common/program/plot_json.c), as SVG
// in the book's colours, with the values under the pointer.
//
//     element.append(liveFigure(JSON.parse(json), tsv));
"use strict";
const liveFigure = (() => {
    const {tableOf, columnOf, settings, TEXT} = livePlot;
    const GREY = "#7f7f7f", NARROW = 600, MARGIN = 8, KEY = 12;

    // On a phone a figure has fewer units, so that letters keep their size.
    const sizes = () => document.documentElement.clientWidth < NARROW ? {width: 420, height: 370} : {width: 640, height: 430};

    const pen = document.createElement("canvas").getContext("2d");
    function wide(words, size = TEXT) {
        pen.font = `${size}px ${getComputedStyle(document.documentElement).getPropertyValue("--sans") || "sans-serif"}`;
        return pen.measureText(rich(make("text", {}), words).textContent).width;
    }
    // A style that keeps a line of text within its room.
    const fitting = (words, size, room) => `font-size: ${Math.min(size, size * room / wide(words, size)).toFixed(1)}px`;

    // a_{ij}, 10^4, in text: sub- and superscripts as tspans. Without <sup>, which SVG has not.
    function rich(parent, words) {
        const greek = {a: "α", b: "β", g: "γ", d: "δ", e: "ε", h: "η", q: "θ", k: "κ", l: "λ", m: "μ", n: "ν", x: "ξ", p: "π", r: "ρ", s: "σ", t: "τ", f: "φ", c: "χ", y: "ψ", w: "ω", D: "Δ", S: "Σ", W: "Ω"};
        const plain = String(words).replace(/\{\/Symbol (.*?)\}/g, (all, letters) => [...letters].map(c => greek[c] || c).join(""));
        const parts = plain.replace(/\\_/g, "\ufe4d").split(/([_^](?:\{[^}]*\}|[A-Za-z0-9*]))/);
        let shift = 0;
        for (const part of parts) {
            if (!part) continue;
            const script = /^[_^]./.test(part);
            const span = make("tspan", {}, (script ? part.slice(1) : part).replace(/[{}]/g, "").replace(/\ufe4d/g, "_"));
            const wanted = !script ? 0 : part[0] === "_" ? 0.25 : -0.4;
            if (script) span.setAttribute("font-size", "75%");
            if (wanted !== shift) span.setAttribute("dy", `${((wanted - shift) / (script ? 0.75 : 1)).toFixed(3)}em`);
            shift = wanted;
            parent.append(span);
        }
        return parent;
    }

    function make(name, attributes, text) {
        const e = document.createElementNS("http://www.w3.org/2000/svg", name);
        for (const key in attributes) e.setAttribute(key, attributes[key]);
        if (text !== undefined) e.textContent = text;
        return e;
    }

    const shown = value => !Number.isFinite(value) ? "–"
        : value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4) ? value.toExponential(3)
        : String(+value.toPrecision(5));
    const paint = colour => colour === "black" || colour === "#000000" ? "var(--text)" : colour === "#0072b2" ? "var(--live-blue)" : colour;

    // ---- axes

    function ticsOf(axis) {
        const plain = at => ({at, text: undefined}), tics = [];
        if (axis.tics) return axis.tics.concat(axis.more || []);
        if (axis.log) {
            const base = axis.log, low = Math.ceil(Math.log(axis.low) / Math.log(base) - 1e-9),
                high = Math.floor(Math.log(axis.high) / Math.log(base) + 1e-9), step = Math.ceil((high - low + 1) / 9);
            for (let e = low; e <= high; e += step) tics.push(plain(base ** e));
            axis.between = tics.length < 3;
            if (axis.between) for (const m of [2, 5]) for (let e = low - 1; e <= high; e++) tics.push(plain(m * base ** e));
        } else {
            const low = Math.min(axis.low, axis.high), high = Math.max(axis.low, axis.high), rough = (high - low) / 6, ten = 10 ** Math.floor(Math.log10(rough));
            const step = axis.step || ten * [1, 2, 5, 10].find(m => m * ten >= rough * 0.999);
            const from = axis.first ?? Math.ceil(low / step - 1e-9) * step;
            for (let at = from; at <= (axis.last ?? high) + step * 1e-6 && tics.length < 60; at += step)
                tics.push(plain(Math.abs(at) < step * 1e-9 ? 0 : at));
        }
        const more = axis.more || [];
        return tics.filter(t => !more.some(m => Math.abs(m.at - t.at) < 1e-9)).concat(more);
    }

    // A tic's text may have lines; written askew it has one.
    const linesOf = text => text.split("\\n"), inOneLine = text => text.replace(/-\\n/g, "").replace(/\\n/g, " ");
    const ticWidth = (axis, tic) => Math.max(...(axis.turned ? [inOneLine(ticText(axis, tic))] : linesOf(ticText(axis, tic))).map(line => wide(line)));

    function ticText(axis, tic) {
        if (tic.text !== undefined) return tic.text;
        const power = axis.log && Math.log(tic.at) / Math.log(axis.log);
        if (axis.log && Math.abs(power - Math.round(power)) < 1e-6 && (axis.powers || !axis.between && (axis.high >= 1e5 || axis.low <= 1e-4)))
            return `${axis.log}^{${Math.round(power)}}`;
        return shown(+tic.at.toPrecision(6));
    }

    // The least and the largest of the numbers, where the lab has not said.
    function span(axis, values, room) {
        let least = Infinity, most = -Infinity;
        for (const v of values)
            if (Number.isFinite(v) && (!axis.log || v > 0)) least = Math.min(least, v), most = Math.max(most, v);
        if (least > most) least = axis.log ? 1 : 0, most = axis.log ? 10 : 1;
        if (least === most) axis.log ? (least /= 2, most *= 2) : (least -= 0.5, most += 0.5);
        const gap = axis.log ? Math.log(most / least) * room : (most - least) * room;
        axis.low = axis.low ?? (axis.log ? least * Math.exp(-gap) : least >= 0 && least - gap < 0 ? 0 : least - gap);
        axis.high = axis.high ?? (axis.log ? most * Math.exp(gap) : most + gap);
    }

    const place = (axis, from, to) => axis.asinh
        ? v => from + (to - from) * (Math.asinh(v) - Math.asinh(axis.low)) / (Math.asinh(axis.high) - Math.asinh(axis.low))
        : axis.log ? v => from + (to - from) * Math.log(v / axis.low) / Math.log(axis.high / axis.low)
        : v => from + (to - from) * (v - axis.low) / (axis.high - axis.low);

    // ---- series

    function seriesOf(json, table, all) {
        const heights = [];  // of stacked bars so far
        return json.series.map(s => {
            const columns = s.using.map(words => columnOf(table, words));
            let points = table.rows.map(row => columns.map(column => column(row)));
            if (s.every) points = points.filter((p, i) => i % parseInt(s.every, 10) === 0);
            if (s.smooth === "unique") points = unique(points);
            if (columns.length === 1) points = points.map((p, i) => [i, p[0]]);
            const bars = all.stacked && columns.length === 1 && !s.with;
            if (bars) points = points.map(([x, y], i) => [x, heights[i] = (heights[i] || 0) + y, y]);
            return {...s, points, style: bars ? "bars" : s.with || "points", name: rich(make("text", {}), s.title || "").textContent};
        });
    }

    function unique(points) {
        const sums = new Map();
        for (const [x, y] of points)
            if (Number.isFinite(x) && Number.isFinite(y)) {
                const sum = sums.get(x) || [0, 0];
                sum[0] += y, sum[1]++, sums.set(x, sum);
            }
        return [...sums].sort((a, b) => a[0] - b[0]).map(([x, [sum, n]]) => [x, sum / n]);
    }

    function mark(kind, x, y, size, colour) {
        const r = 4 * size, filled = {fill: colour}, hollow = {fill: "none", stroke: colour, "stroke-width": 1.4};
        const style = [5, 7, 9, 11, 13].includes(kind) ? filled : hollow;
        switch (kind) {
        case 1: return make("path", {d: `M${x - r} ${y}H${x + r}M${x} ${y - r}V${y + r}`, ...hollow});
        case 2: case 3: return make("path", {d: `M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}`, ...hollow});
        case 4: case 5: return make("rect", {x: x - r, y: y - r, width: 2 * r, height: 2 * r, ...style});
        case 8: case 9: return make("path", {d: `M${x} ${y - 1.2 * r}L${x + 1.1 * r} ${y + 0.8 * r}H${x - 1.1 * r}Z`, ...style});
        case 10: case 11: return make("path", {d: `M${x} ${y + 1.2 * r}L${x + 1.1 * r} ${y - 0.8 * r}H${x - 1.1 * r}Z`, ...style});
        case 12: case 13: return make("path", {d: `M${x} ${y - 1.3 * r}L${x + 1.3 * r} ${y}L${x} ${y + 1.3 * r}L${x - 1.3 * r} ${y}Z`, ...style});
        default: return make("circle", {cx: x, cy: y, r, ...style});
        }
    }

    const mix = (stops, value) => {
        const low = stops[0][0], high = stops[stops.length - 1][0], at = Math.min(high, Math.max(low, value));
        let i = 1;
        while (i < stops.length - 1 && stops[i][0] < at) i++;
        const share = Math.round(100 * (at - stops[i - 1][0]) / (stops[i][0] - stops[i - 1][0]));
        const ground = c => c === "white" ? "var(--page)" : c === "#08306b" ? "var(--live-deep)" : c;
        return `color-mix(in srgb, ${ground(stops[i][1])} ${share}%, ${ground(stops[i - 1][1])})`;
    };

    function dashOf(s) {
        const kind = parseInt(s.dash, 10) || 1;
        return kind === 1 ? {} : {"stroke-dasharray": [, , "7 4", "2 3", "8 3 2 3", "8 3 2 3 2 3"][kind] || "5 4"};
    }

    function path(s, X, Y) {
        let d = "", pen = false;
        for (const [x, y] of s.points) {
            const px = X(x), py = Y(y);
            if (!Number.isFinite(px) || !Number.isFinite(py)) { pen = false; continue; }
            d += !pen ? `M${px.toFixed(1)} ${py.toFixed(1)}`
                : s.style === "steps" ? `H${px.toFixed(1)}V${py.toFixed(1)}`
                : `L${px.toFixed(1)} ${py.toFixed(1)}`;
            pen = true;
        }
        return make("path", {d, fill: "none", stroke: s.paint, "stroke-width": s.width || 1.6, "stroke-linejoin": "round", ...dashOf(s)});
    }

    function drawSeries(s, X, Y, all) {
        const g = make("g", {}), size = s.size === "variable" ? null : parseFloat(s.size) || 1;
        const inside = (x, y) => Number.isFinite(X(x)) && Number.isFinite(Y(y));
        if (s.style === "image") {
            const w = Math.abs(X(1) - X(0)) + 0.3, h = Math.abs(Y(1) - Y(0)) + 0.3;
            for (const [x, y, value] of s.points)
                if (Number.isFinite(value))
                    g.append(make("rect", {x: X(x) - w / 2, y: Y(y) - h / 2, width: w, height: h, style: `fill: ${mix(all.palette || [[0, "white"], [1, "#08306b"]], value)}`}));
            return g;
        }
        if (s.style === "boxes" || s.style === "boxxyerror") {
            const gap = s.points.length > 1 ? Math.min(...s.points.slice(1).map((p, i) => Math.abs(p[0] - s.points[i][0])).filter(w => w > 0)) : 1;
            for (const p of s.points) {
                if (!inside(p[0], p[1])) continue;
                const box = s.style === "boxes"
                    ? [p[0] - (all.box || gap) / 2, p[0] + (all.box || gap) / 2, all.axes.y.log ? all.axes.y.low : 0, p[1]]
                    : p.length > 4 ? [p[2], p[3], p[4], p[5]] : [p[0] - p[2], p[0] + p[2], p[1] - p[3], p[1] + p[3]];
                const left = X(box[0]), right = X(box[1]), a = Y(box[2]), b = Y(box[3]);
                g.append(make("rect", {x: Math.min(left, right), y: Math.min(a, b), width: Math.abs(right - left),
                                       height: Math.abs(a - b), fill: s.paint, "fill-opacity": all.fill ?? 0.55}));
            }
            return g;
        }
        if (s.style === "bars") {
            for (const [x, y, height] of s.points)
                g.append(make("rect", {x: X(x - (all.box || 0.7) / 2), y: Y(y), width: X(x + (all.box || 0.7) / 2) - X(x - (all.box || 0.7) / 2),
                                       height: Math.max(0, Y(y - height) - Y(y)), fill: s.paint}));
            return g;
        }
        if (s.style === "filledcurves") {
            const good = s.points.filter(p => inside(p[0], p[1]) && inside(p[0], p[2]));
            g.append(make("polygon", {points: good.map(p => `${X(p[0])},${Y(p[1])}`).concat(good.reverse().map(p => `${X(p[0])},${Y(p[2])}`)).join(" "), fill: s.paint, "fill-opacity": 0.2}));
            return g;
        }
        if (/lines|steps/.test(s.style)) g.append(path(s, X, Y));
        if (/points|yerrorbars/.test(s.style))
            for (const p of s.points) {
                if (!inside(p[0], p[1])) continue;
                const x = X(p[0]), y = Y(p[1]);
                const colour = s.colour === "variable" ? "#" + (p[2] >>> 0).toString(16).padStart(6, "0").slice(-6)
                    : all.palette && p.length > 2 && !s.colour ? mix(all.palette, p[2]) : s.paint;
                if (s.style === "yerrorbars")
                    g.append(make("path", {d: `M${x} ${Y(p[1] - p[2])}V${Y(p[1] + p[2])}`.replace(/NaN|-?Infinity/g, y), stroke: colour, "stroke-width": 1.3}));
                const one = mark(parseInt(s.point, 10) || 7, x, y, size ?? p[2], colour);
                if (colour.startsWith("color-mix")) one.setAttribute("style", `fill: ${colour}`);
                g.append(one);
            }
        return g;
    }

    // ---- the whole

    function key(svg, all, series, top, width) {
        const left = width > NARROW ? 60 : 14;
        let x = left, y = top;
        for (const s of series) {
            if (!s.name || s.style === "image") continue;
            const room = 32 + wide(s.title, KEY);
            if (x + room > width - 4 && x > left) x = left, y += 19;
            if (/lines|steps/.test(s.style))
                svg.append(make("path", {d: `M${x} ${y - 4}H${x + 20}`, stroke: s.paint, "stroke-width": s.width || 1.6, ...dashOf(s)}));
            else if (/boxes|bars|filled/.test(s.style) && s.style !== "yerrorbars") svg.append(make("rect", {x, y: y - 9, width: 20, height: 10, fill: s.paint, "fill-opacity": all.fill ?? 0.55}));
            if (/points|yerror/.test(s.style)) svg.append(mark(parseInt(s.point, 10) || 7, x + 10, y - 4, 1, s.paint));
            svg.append(rich(make("text", {x: x + 26, y, class: "key"}), s.title));
            x += room + 12;
        }
        return y;
    }

    // What a map's colours mean.
    function bar(svg, all, box) {
        const stops = all.palette || [[0, "white"], [1, "#08306b"]], [low, high] = all.cb, left = box.right + 14, thick = 12, id = `live-bar-${bar.count = (bar.count || 0) + 1}`;
        const colours = make("linearGradient", {id, x1: 0, y1: 1, x2: 0, y2: 0});
        for (let i = 0; i <= 10; i++)
            colours.append(make("stop", {offset: `${10 * i}%`, style: `stop-color: ${mix(stops, stops[0][0] + (stops[stops.length - 1][0] - stops[0][0]) * i / 10)}`}));
        svg.append(colours, make("rect", {x: left, y: box.top, width: thick, height: box.bottom - box.top, fill: `url(#${id})`}));
        for (const share of [0, 0.5, 1])
            svg.append(make("text", {x: left + thick + 5, y: box.bottom - share * (box.bottom - box.top) + 4, class: "key"}, shown(+(low + share * (high - low)).toPrecision(3))));
        const at = left + thick + 40, middle = (box.top + box.bottom) / 2;
        if (all.cbLabel) svg.append(rich(make("text", {x: at, y: middle, transform: `rotate(-90 ${at} ${middle})`, "text-anchor": "middle", class: "key"}), all.cbLabel));
    }

    function frame(svg, all, box, X, Y, Y2) {
        const {x, y, y2} = all.axes, g = make("g", {class: "axes"});
        if (all.bare) x.tics = [], y.tics = [], x.more = [], y.more = [];
        for (const tic of ticsOf(x)) {
            const at = X(tic.at);
            if (!(at >= box.left - 1 && at <= box.right + 1)) continue;
            if (!all.bare) g.append(make("path", {d: `M${at} ${box.bottom}V${box.top}`, class: "grid"}));
            const words = ticText(x, tic), place = {x: at, "text-anchor": x.turned ? "end" : "middle"};
            if (!x.turned) { linesOf(words).forEach((line, i) => g.append(rich(make("text", {...place, y: box.bottom + 18 + 15 * i}), line))); continue; }
            const text = rich(make("text", {...place, y: box.bottom + 18}), inOneLine(words));
            text.setAttribute("transform", `rotate(-45 ${at} ${box.bottom + 14})`);
            g.append(text);
        }
        for (const tic of ticsOf(y)) {
            const at = Y(tic.at);
            if (!(at >= box.top - 1 && at <= box.bottom + 1)) continue;
            if (!all.bare) g.append(make("path", {d: `M${box.left} ${at}H${box.right}`, class: "grid"}));
            g.append(rich(make("text", {x: box.left - 7, y: at + 4, "text-anchor": "end"}), ticText(y, tic)));
        }
        if (Y2) for (const tic of ticsOf(y2).filter(t => Y2(t.at) >= box.top - 1 && Y2(t.at) <= box.bottom + 1))
            g.append(rich(make("text", {x: box.right + 7, y: Y2(tic.at) + 4}), ticText(y2, tic)));
        if (!all.bare) g.append(make("path", {d: `M${box.left} ${box.top}V${box.bottom}H${box.right}`, class: "border"}));
        const inUnits = (v, graph, to, from, until) => graph ? from + v * (until - from) : to(v);
        for (const {x: ax, y: ay, graph} of all.arrows) {
            const [x1, x2] = ax.map((v, i) => inUnits(v, graph.x[i], X, box.left, box.right)), [y1, y2] = ay.map((v, i) => inUnits(v, graph.y[i], Y, box.bottom, box.top));
            if ([x1, x2, y1, y2].every(Number.isFinite)) g.append(make("path", {d: `M${x1} ${y1}L${x2} ${y2}`, stroke: GREY, "stroke-width": 1.4, "stroke-dasharray": "4 3"}));
        }
        for (const l of all.labels)
            if (Number.isFinite(X(l.x)))
                g.append(rich(make("text", {x: X(l.x) + l.right, y: inUnits(l.y, l.graph, Y, box.bottom, box.top) - l.up, "text-anchor": l.anchor, style: `font-size: ${l.size}px`}), l.text));
        svg.append(g);
    }

    // The nearest point of any series, while the pointer moves.
    function watchPointer(svg, tip, series, box, width) {
        const dot = make("circle", {r: 5, fill: "none", stroke: "var(--text)", "stroke-width": 1.5, visibility: "hidden"});
        svg.append(dot);
        svg.addEventListener("pointermove", event => {
            const r = svg.getBoundingClientRect(), unit = width / r.width;
            const mx = (event.clientX - r.left) * unit, my = (event.clientY - r.top) * unit;
            let best = 40 * 40, found = null;
            for (const s of series)
                for (const p of s.points) {
                    const x = s.X(p[0]), y = s.Y(p[1]), far = (x - mx) ** 2 + (y - my) ** 2;
                    if (far < best && x >= box.left - 1 && x <= box.right + 1) best = far, found = {s, p, x, y};
                }
            dot.setAttribute("visibility", found ? "visible" : "hidden");
            tip.hidden = !found;
            if (!found) return;
            dot.setAttribute("cx", found.x), dot.setAttribute("cy", found.y);
            const third = found.s.style === "image" ? `: ${shown(found.p[2])}` : found.s.style === "yerrorbars" ? ` ± ${shown(found.p[2])}` : "";
            tip.textContent = `${found.s.name ? found.s.name + ": " : ""}(${shown(found.p[0])}, ${shown(found.p[1])})${third}`;
            tip.style.left = `${Math.min(70, 100 * found.x / width)}%`;
            tip.style.top = `${(found.y - 34) / unit}px`;
        });
        svg.addEventListener("pointerleave", () => { tip.hidden = true; dot.setAttribute("visibility", "hidden"); });
    }

    // How far the data go, where the lab has not said.
    function spans(all, series, first, second) {
        const image = series.some(s => s.style === "image"), room = image ? 0 : 0.03, {x, y, y2} = all.axes;
        const cells = (list, i) => list.flatMap(s => s.points.flatMap(p => [p[i] - 0.5, p[i] + 0.5]));
        const heights = s => s.points.flatMap(p => s.style === "yerrorbars" ? [p[1] - p[2], p[1] + p[2]] : s.style === "filledcurves" ? [p[1], p[2]]
            : /boxes|bars/.test(s.style) ? [0, p[1]] : [p[1]]);
        span(x, image ? cells(series, 0) : series.flatMap(s => s.points.map(p => p[0])), x.log || image ? 0 : 0.01);
        span(y, image ? cells(first, 1) : first.flatMap(heights), room);
        if (second.length) span(y2, second.flatMap(s => s.points.map(p => p[1])), room);
        const coloured = series.find(s => s.style === "image" || (all.palette && s.points[0]?.length > 2 && !s.colour));
        if (coloured && !all.noBar) {
            const values = coloured.points.map(p => p[2]).filter(Number.isFinite);
            all.bar = true, all.cb = all.cb || [Math.min(...values), Math.max(...values)];
        }
    }

    // Where the data are drawn: as much as titles, tics and labels leave.
    function boxOf(json, all, second, top, width, height) {
        const {x, y} = all.axes, yTics = all.bare ? 0 : Math.max(16, ...ticsOf(y).map(t => ticWidth(y, t)));
        const box = {left: (json.y ? 27 : 4) + yTics + 9, right: width - (all.bar ? 76 : second.length ? 62 : 16), top, bottom: height - 28 - (json.x ? 18 : 0) + (all.bare ? 16 : 0), yTics};
        const listed = (x.tics || []).concat(x.more || []).filter(t => t.text), longest = () => Math.max(0, ...listed.map(t => ticWidth(x, t)));
        if (listed.length && longest() + 8 > (box.right - box.left) / listed.length) x.turned = true;
        if (x.turned) box.bottom = height - (json.x ? 36 : 20) - 0.72 * longest();
        else if (listed.some(t => /\\n/.test(t.text))) box.bottom -= 15;
        return box;
    }

    // Units of both axes alike; the figure is as high as that needs.
    function squared(all, box) {
        const across = Math.abs(all.axes.x.high - all.axes.x.low), up = Math.abs(all.axes.y.high - all.axes.y.low);
        const unit = Math.min((box.right - box.left) / across, (box.bottom - box.top) / up), middle = (box.left + box.right) / 2, below = box.bottom;
        box.left = middle - unit * across / 2, box.right = middle + unit * across / 2, box.bottom = box.top + unit * up;
        return below - box.bottom;
    }

    function axisLabels(svg, json, all, box, second, width, height) {
        const middle = (box.top + box.bottom) / 2, up = box.bottom - box.top + 30;
        const upright = (x, words) => rich(make("text", {x, y: middle, transform: `rotate(-90 ${x} ${middle})`, "text-anchor": "middle", style: fitting(words, TEXT, up)}), words);
        if (json.x) svg.append(rich(make("text", {x: (box.left + box.right) / 2, y: height - 8, "text-anchor": "middle", style: fitting(json.x, TEXT, width - 2 * MARGIN)}), json.x));
        if (json.y) svg.append(upright(Math.max(15, box.left - box.yTics - 22), json.y));
        if (second.length && all.axes.y2.label) svg.append(upright(width - 8, all.axes.y2.label));
    }

    function drawData(svg, all, series, box, X, Y, Y2) {
        const clip = `live-clip-${drawData.count = (drawData.count || 0) + 1}`, shape = make("clipPath", {id: clip}), data = make("g", {"clip-path": `url(#${clip})`});
        shape.append(make("rect", {x: box.left - 4, y: box.top - 4, width: box.right - box.left + 8, height: box.bottom - box.top + 8}));
        for (const s of series) {
            s.X = X, s.Y = s.axes === "x1y2" ? Y2 : Y;
            data.append(drawSeries(s, s.X, s.Y, all));
        }
        svg.append(shape, data);
    }

    return function liveFigure(json, tsv) {
        let {width, height} = sizes();
        const all = settings(json), series = seriesOf(json, tableOf(tsv), all), svg = make("svg", {role: "img"});
        const own = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", GREY];
        series.forEach((s, i) => s.paint = paint(!s.colour || s.colour === "variable" ? own[i % own.length] : s.colour));
        const first = series.filter(s => s.axes !== "x1y2"), second = series.filter(s => s.axes === "x1y2");
        svg.append(make("title", {}, json.title));
        svg.append(rich(make("text", {x: width / 2, y: 18, "text-anchor": "middle", class: "title", style: fitting(json.title, 15, 0.87 * (width - 2 * MARGIN))}), json.title));
        const top = (all.key ? key(svg, all, series, 40, width) : 24) + 14;
        spans(all, series, first, second);
        const box = boxOf(json, all, second, top, width, height);
        if (all.square) height -= squared(all, box);
        svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
        const X = place(all.axes.x, box.left, box.right), Y = place(all.axes.y, box.bottom, box.top);
        const Y2 = second.length && place(all.axes.y2, box.bottom, box.top);
        frame(svg, all, box, X, Y, Y2);
        drawData(svg, all, series, box, X, Y, Y2);
        if (all.bar) bar(svg, all, box);
        axisLabels(svg, json, all, box, second, width, height);
        const holder = document.createElement("div"), tip = document.createElement("div");
        holder.className = "live-figure", tip.className = "live-tip", tip.hidden = true;
        holder.append(svg, tip);
        watchPointer(svg, tip, series, box, width);
        return holder;
    };
})();

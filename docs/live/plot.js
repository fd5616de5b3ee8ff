// A figure in gnuplot's words: reads a lab's table and its description (common/program/plot_json.c), as far as the labs go.
//
//     const {tableOf, columnOf, settings} = livePlot;
//     settings(JSON.parse(json)).axes.x.low
"use strict";
const livePlot = (() => {
    const TEXT = 13;  // the size of letters, in a figure's units

    // ---- the table, and gnuplot's words

    function tableOf(tsv) {
        const lines = tsv.trimEnd().split("\n"), names = lines[0].split("\t");
        return {names, rows: lines.slice(1).map(line => line.split("\t").map(Number))};
    }

    // "distance", 2 or "(column(1) > 8 ? $2 : NaN)": a function of a row.
    function columnOf(table, words) {
        const at = name => table.names.indexOf(name);
        if (!words.startsWith("("))
            return (i => row => row[i])(/^\d+$/.test(words) ? words - 1 : at(words));
        const body = words.replace(/\$(\d+)/g, "c($1)").replace(/\bcolumn\(/g, "c(")
            .replace(/\b(floor|ceil|log10|log|exp|abs|sqrt|sin|cos|pow|min|max)\(/g, "Math.$1(");
        const made = new Function("c", `return ${body}`);
        return row => Number(made(name => row[typeof name === "number" ? name - 1 : at(name)]));
    }

    // ---- its settings

    const unquoted = words => words[0] === '"' ? JSON.parse(words.match(/^"(?:[^"\\]|\\.)*"/)[0]) : words.replace(/^'([^']*)'.*/, "$1");

    function arrowOf(words) {
        const at = words.match(/from (graph )?([-+\d.e]+), ?(graph )?([-+\d.e]+) to (graph )?([-+\d.e]+), ?(graph )?([-+\d.e]+)/);
        return at && {x: [+at[2], +at[6]], y: [+at[4], +at[8]], graph: {x: [at[1], at[5]], y: [at[3], at[7]]}};
    }

    // A label stands in the table's units or, across or up, in shares of the graph; its offset is in letters.
    function labelOf(words) {
        const at = words.match(/^(?:\d+ )?("(?:[^"\\]|\\.)*"|'[^']*') at (?:first )?([-\d.e+]+), ?(graph )?([-\d.e+]+)(.*)/);
        if (!at) return null;
        const offset = at[5].match(/offset ([-\d.]+), ?([-\d.]+)/), font = at[5].match(/font '?"?[^,]*,(\d+)/);
        return {text: unquoted(at[1]), x: +at[2], y: +at[4], graph: !!at[3], anchor: /center/.test(at[5]) ? "middle" : /right/.test(at[5]) ? "end" : "start",
                right: offset ? 7 * offset[1] : 0, up: offset ? 13 * offset[2] : 0, size: font ? Math.max(10, +font[1]) : TEXT};
    }

    function settings(json) {
        const axes = {x: {}, y: {}, y2: {}}, all = {axes, arrows: [], labels: [], palette: null, square: false, key: true};
        for (const name of ["x", "y", "y2"]) axes[name].log = json.log[name];
        for (const set of json.set) {
            const [word] = set.match(/^\w+/) || [""], rest = set.slice(word.length).trim();
            const axis = axes[word.replace(/^no|range$|m?tics$|label$/g, "")] || {};
            if (/^(x|y|y2)range$/.test(word)) {
                const [low, high] = rest.replace(/[[\]]/g, "").split(":");
                axis.low = low === "*" || low === "" ? undefined : +low;
                axis.high = high === "*" || high === "" ? undefined : +high;
            } else if (word === "nonlinear") axes[rest[0]].asinh = /asinh/.test(rest);
            else if (word === "y2label") axis.label = unquoted(rest);
            else if (/^no(x|y)tics$/.test(word)) axis.tics = [], axis.more = [];
            else if (/^(x|y|y2)tics$/.test(word)) ticsSet(axis, rest);
            else if (word === "arrow") {
                const arrow = arrowOf(rest);
                if (arrow) all.arrows.push(arrow);
            } else if (word === "label") {
                const label = labelOf(rest);
                if (label) all.labels.push(label);
            } else if (word === "palette") all.palette = [...rest.matchAll(/([\d.]+) ["']([^"']+)["']/g)].map(m => [+m[1], m[2]]);
            else if (word === "cbrange") all.cb = rest.replace(/[[\]]/g, "").split(":").map(Number);
            else if (word === "cblabel") all.cbLabel = unquoted(rest);
            else if (word === "nocolorbox") all.noBar = true;
            else if (word === "format" && /^[xy]+ /.test(rest)) for (const name of rest.split(" ")[0]) axes[name].powers = /\^/.test(rest);
            else if (word === "size" && rest.startsWith("ratio -1")) all.square = true;
            else if (word === "nokey" || (word === "key" && rest === "off")) all.key = false;
            else if (word === "border" && rest === "0") all.bare = true;
            else if (word === "boxwidth") all.box = parseFloat(rest);
            else if (word === "style" && rest === "histogram rowstacked") all.stacked = true;
            else if (word === "style" && rest.startsWith("fill solid")) all.fill = parseFloat(rest.slice(10)) || 1;
        }
        return all;
    }

    function ticsSet(axis, rest) {
        if (/rotate/.test(rest)) axis.turned = true;
        const listed = rest.match(/\((.*)\)/s);
        if (listed) {
            const tics = [...listed[1].matchAll(/(?:"((?:[^"\\]|\\.)*)"\s+|'([^']*)'\s+)?([-+\d.e]+)/g)]
                .map(m => ({text: m[1] ?? m[2], at: +m[3]}));
            if (rest.startsWith("add")) axis.more = (axis.more || []).concat(tics);
            else axis.tics = tics;
        } else if (/^[-\d.]/.test(rest)) {
            const numbers = rest.split(",").map(Number);
            axis.step = numbers.length > 1 ? numbers[1] : numbers[0];
            if (numbers.length > 1) axis.first = numbers[0], axis.last = numbers[2];
        }
    }

    return {tableOf, columnOf, settings, TEXT};
})();

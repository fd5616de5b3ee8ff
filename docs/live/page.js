// What the reader sees: below each figure of a lecture, "Run it here"; the lab's form, Run, Stop, Reset, a link that
// keeps the settings, the claims' rows, and the figures as the program draws them. A page without scripts lacks all
// this and nothing else.
"use strict";
const livePanel = (() => {
    function element(name, properties = {}, ...inside) {
        const e = Object.assign(document.createElement(name), properties);
        e.append(...inside);
        return e;
    }
    const button = (text, onclick, className = "") => element("button", {type: "button", textContent: text, onclick, className});
    const CLAIM = /^ {2}\[([\d.]+)\]\s+(.*?)\s+((?:[<>]= )?\S+)\s+(\S+)\s+(\S+)\s+(ok|FAIL)$/;

    // ---- what a run prints

    function outputOf() {
        const figures = element("div", {className: "live-stage"}), words = element("div"), place = element("div", {className: "live-output"}, figures, words);
        let rows = null, headed = false;
        const table = () => {
            if (rows) return rows;
            rows = element("tbody");
            const heads = headed ? [] : ["", "what it says", "predicted", "measured", "tolerance", ""];
            const head = element("tr", {}, ...heads.map(text => element("th", {textContent: text})));
            headed = true;
            words.append(element("div", {className: "table"}, element("table", {className: "claims"}, element("thead", {}, head), rows)));
            return rows;
        };
        const claim = ([, id, ...cells]) => {
            const link = element("a", {className: "claim", textContent: `[${id}]`, href: document.querySelector(`[id="claim-${id}"]`) ? `#claim-${id}` : `claims.html#claim-${id}`});
            const row = element("tr", {className: cells[4] === "ok" ? "" : "failed"}, element("td", {}, link),
                                ...cells.map(text => element("td", {textContent: text})));
            row.lastChild.className = cells[4] === "ok" ? "live-ok" : "live-fail";
            table().append(row);
        };
        return {
            place,
            line(text, fd) {
                const found = text.match(CLAIM);
                if (found) return claim(found);
                if (!text.trim() || /^ {2}claim +what it says/.test(text) || /^ {2}(figure|data): /.test(text)) return;
                if (/^\d+\.\d+ {2}/.test(text) || /^\d+ claims, \d+ failed/.test(text)) return;
                rows = null;
                const last = words.lastChild;
                if (last && last.localName === "pre" && last.dataset.fd === String(fd)) last.textContent += "\n" + text.replace(/^ {2}/, "");
                else {
                    const pre = element("pre", {textContent: text.replace(/^ {2}/, "")});
                    pre.dataset.fd = fd;
                    words.append(pre);
                }
            },
            figure(json, tsv, name) {
                try { figures.append(liveFigure(json, tsv)); }
                catch (problem) { figures.append(element("pre", {textContent: `${name}: not drawn: ${problem.message}`})); }
            },
            clear() { figures.replaceChildren(), words.replaceChildren(); rows = null, headed = false; },
        };
    }

    // ---- the panel

    function resultOf({status, why}, seconds, counts) {
        if (status === -1) return "Stopped.";
        const claims = counts.all ? `${counts.all} claims, ${counts.failed} failed; ` : "";
        if (status > 1) return `${why || "The program ended with status " + status + "."} Nothing else is harmed: change the settings and run it again.`;
        return `${claims}${seconds.toFixed(1)} s.`;
    }

    // Seconds of what takes longer than some fifteen in a page, where one thread computes with vectors of 16 bytes. The
    // claims are those of the defaults, so these stay, and the reader is told before.
    const LONG = {
        ch03: {deepnorm: 20, "deep-training": 50, reverse: 60, sort: 80},
        ch04: {"clm-floor": 15, "hmm-floor": 25, "chains-floor": 90, "mlm-floor": 150, "label-smoothing": 20, "span-floor": 20, "belief-readout": 15, "scaling-fit": 20,
               "few-shot": 40, contextual: 20, "fine-tuning": 60, "glm-orders": 30, "long-context": 25, "story-classes": 50},
        ch05: {tasks: 90, "sft-mask": 25, turns: 30, ghost: 40, "reward-model": 20, frontier: 15, "ppo-optimum": 35, watching: 25, instructions: 45, "pipeline-short": 150, "lora-places": 20, "lora-tasks": 40},
    };

    const SEED = {name: "seed", value: "1", kind: "int", least: 0, most: 100, help: "of all random numbers"};

    function patience(chapter, lab) {
        const seconds = LONG[chapter.name]?.[lab.name], time = seconds < 90 ? `${seconds} seconds` : `${Math.round(seconds / 30) / 2} minutes`;
        return seconds ? [element("p", {className: "live-note", textContent: `It trains models: some ${time} here, more on a slow processor; in a terminal a fraction of it.`})] : [];
    }

    function panel(chapter, lab, given) {
        const status = element("span", {className: "live-status", role: "status"}), output = outputOf(), command = element("code");
        let run = null, worker = null;
        const form = liveForm({...lab, options: [...lab.options, SEED]}, () => show());
        const words = () => [lab.name, ...form.words()];
        const show = () => { command.textContent = `./${chapter.program} ${words().map(w => /^[\w.,+=-]+$/.test(w) ? w : `'${w}'`).join(" ")}`; };
        const running = on => { start.disabled = on, stop.disabled = !on; };

        async function begin() {
            if (run) return;
            output.clear();
            const counts = {all: 0, failed: 0}, started = performance.now();
            const tick = setInterval(() => { if (!status.dataset.progress) status.textContent = `Running, ${((performance.now() - started) / 1000).toFixed(0)} s`; }, 500);
            status.textContent = "Running", delete status.dataset.progress;
            running(true);
            worker = worker || live.worker();
            run = live.run(chapter, words(), {
                line(text, fd) {
                    if (CLAIM.test(text)) counts.all++, counts.failed += text.endsWith("FAIL");
                    output.line(text, fd);
                },
                progress(text) { if (text) status.dataset.progress = "yes", status.textContent = text; },
                figure: output.figure,
            }, {files: form.files(), worker});
            const end = await run.ended;
            clearInterval(tick);
            if (end.status === -1 || end.status === 134) worker.terminate(), worker = null;
            run = null;
            running(false);
            status.textContent = resultOf(end, (performance.now() - started) / 1000, counts);
            root.dataset.status = end.status;
        }
        const keep = async () => {
            const query = new URLSearchParams({run: lab.name, ...form.values()});
            history.replaceState(null, "", `#${query}`);
            try { await navigator.clipboard.writeText(location.href); status.textContent = "The link is in the clipboard and in the address bar."; }
            catch { status.textContent = "The link is in the address bar."; }
        };
        const start = button("Run", begin, "live-go"), stop = button("Stop", () => run?.stop());
        const buttons = element("div", {className: "live-buttons"}, start, stop, button("Reset", () => { run?.stop(); form.reset(); output.clear(); status.textContent = ""; show(); }),
                                button("Link", keep), status);
        const root = element("section", {className: "live-panel"}, element("p", {className: "live-title"}, element("b", {textContent: lab.title})), ...patience(chapter, lab), form.element, buttons,
                             element("p", {className: "live-command"}, "In a terminal: ", command), output.place);
        root.dataset.lab = lab.name, root.setAttribute("aria-label", lab.title);
        form.set(given);
        running(false), show();
        root.begin = begin;
        return root;
    }

    // ---- below the figures

    // "./ch02_attention rope-decay --dim 64": which lab, and with what.
    function asked(command) {
        const found = command.trim().match(/^\.\/((ch\d\d)_\w+) ([\w-]+)(.*)$/);
        if (!found) return null;
        const given = {};
        for (const [, name, value] of found[4].matchAll(/--([\w-]+)(?:[= ](?!--)(\S+))?/g)) given[name] = value ?? "yes";
        return {chapter: found[2], lab: found[3], given};
    }

    function opener({chapter, lab, given}, where) {
        const opens = button("Run it here", async () => {
            opens.disabled = true, opens.textContent = "Loading";
            try {
                const program = await live.load(chapter), spec = program.labs.find(l => l.name === lab);
                if (!spec) throw new Error(`${program.program} has no lab ${lab}`);
                opens.panel = panel(program, spec, opens.given);
                where.after(opens.panel);
                opens.remove();
            } catch (problem) {
                opens.disabled = false, opens.textContent = `Run it here (${problem.message})`;
            }
        }, "live-open");
        opens.dataset.lab = lab, opens.given = given;
        return opens;
    }

    function begin() {
        for (const figure of document.querySelectorAll("figure.plot")) {
            const code = figure.querySelector("figcaption .command code"), ask = code && asked(code.textContent);
            if (!ask) continue;
            figure.append(opener(ask, figure));
        }
        for (const code of document.querySelectorAll(".live-here code")) {
            const ask = asked(code.textContent);
            if (ask) code.parentElement.append(opener(ask, code.parentElement));
        }
        const query = new URLSearchParams(location.hash.slice(1));
        if (query.has("run")) openLinked(query);
    }

    async function openLinked(query) {
        const {run: name, ...given} = Object.fromEntries(query);
        const opens = document.querySelector(`.live-open[data-lab="${CSS.escape(name)}"]`);
        if (!opens) return;
        Object.assign(opens.given, given);
        await opens.onclick();
        opens.panel?.scrollIntoView({block: "start"});
        opens.panel?.begin();
    }

    return {panel, begin, asked, element, button, outputOf};
})();
livePanel.begin();

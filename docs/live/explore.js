// Pages of their own: a lab whose figure follows its sliders.
//
//     <div class="live-page live-explore" data-options="base dim:2:256 max"><code>./ch02_attention rope-decay</code></div>
//
// data-options: which of the lab's options are shown, in this order, and a slider's ends where they are not the
// form's own. Without scripts the command stands there for a terminal.
"use strict";
const liveExplore = (() => {
    const {element} = livePanel;

    // Runs the latest of what is asked for: one at a time, and what takes long is given up for what is newer.
    function latest(chapter) {
        let worker = null, running = null, next = null, started = 0;
        async function go() {
            while (next) {
                const {words, on, options, done} = next;
                next = null, started = performance.now();
                worker = worker || live.worker();
                running = live.run(chapter, words, on, {...options, worker});
                const end = await running.ended;
                if (end.status === -1 || end.status === 134) worker.terminate(), worker = null;
                running = null;
                if (end.status !== -1) done(end);
            }
        }
        return function ask(words, on, options) {
            return new Promise(done => {
                const idle = !running && !next;
                next = {words, on, options, done};
                if (idle) go();
                else if (running && performance.now() - started > 1500) running.stop();
            });
        };
    }

    // What a command prints: await call(["show", ...], {files}). Never answers where newer words came before it ran.
    function caller(chapter) {
        const run = latest(chapter);
        return async function call(words, options) {
            let out = "", wrong = "";
            const end = await run(words, {line(line, fd) { if (fd === 1) out += line + "\n"; else wrong += line + " "; }}, options);
            if (end.status) throw new Error(wrong.replace(/^\w+: /, "") || end.why);
            return out;
        };
    }

    function shownOptions(lab, words) {
        if (words === "*") return lab.options;
        return words.split(" ").map(word => {
            const [name, low, high] = word.split(":"), option = lab.options.find(o => o.name === name);
            return low === undefined ? option : {...option, least: Number(low), most: Number(high)};
        });
    }

    // A figure in place of the one before, so that the page does not jump.
    function stage(place) {
        let drawn = 0;
        return {begin() { drawn = 0; },
                add(figure) {
                    const old = place.children[drawn++];
                    if (old) old.replaceWith(figure); else place.append(figure);
                },
                end() { while (place.children.length > drawn) place.lastChild.remove(); }};
    }

    async function explore(place) {
        const code = place.querySelector("code"), ask = livePanel.asked(code.textContent);
        const status = element("p", {className: "live-status", role: "status", textContent: "Loading"});
        place.append(status);
        const chapter = await live.load(ask.chapter), lab = chapter.labs.find(l => l.name === ask.lab);
        const run = latest(chapter), figures = element("div", {className: "live-stage"}), figure = stage(figures), claims = element("div");
        let soon = 0;
        const options = shownOptions(lab, place.dataset.options);
        const form = liveForm({...lab, options}, () => { clearTimeout(soon); soon = setTimeout(again, 120); });
        form.set(ask.given);
        async function again() {
            const words = [lab.name, ...form.words()], output = livePanel.outputOf(), failed = [];
            code.textContent = `./${chapter.program} ${words.map(w => /^[\w.,+=-]+$/.test(w) ? w : `'${w}'`).join(" ")}`;
            status.textContent = "Running";
            figure.begin();
            const started = performance.now();
            const end = await run(words, {
                line(text, fd) { output.line(text, fd); if (fd === 2 && text.trim()) failed.push(text); },
                progress(text) { status.textContent = text || "Running"; },
                figure(json, tsv) { figure.add(liveFigure(json, tsv)); },
            }, {files: form.files()});
            if (end.status > 1) status.textContent = failed.join(" ").replace(/^\w+: /, "") || end.why;
            else figure.end(), claims.replaceChildren(output.place), status.textContent = `${((performance.now() - started) / 1000).toFixed(2)} s`;
            place.dataset.status = end.status;
        }
        place.append(form.element, status, figures,
                     element("details", {}, element("summary", {textContent: "What the lab claims with these settings"}), claims));
        again();
    }

    function begin() {
        for (const place of document.querySelectorAll(".live-explore"))
            explore(place).catch(problem => place.append(element("p", {textContent: problem.message})));
    }

    return {begin, caller};
})();
liveExplore.begin();

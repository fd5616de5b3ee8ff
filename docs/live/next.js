// The next token of a small model: its probabilities, and what temperature and filters leave of them. Chapter 4's `next`
// asks chapter 3's stories.ckpt twice: plainly, and with the settings.
"use strict";
(async () => {
    const {element, button} = livePanel, place = document.querySelector(".live-next");
    if (!place) return;
    const SHOWN = 14, status = element("p", {className: "live-status", role: "status", textContent: "Loading"}), bars = element("div", {className: "live-bars"});
    place.append(status);
    const [chapter, other] = await Promise.all([live.load("ch04"), live.load("ch03")]), call = liveExplore.caller(chapter);
    const files = other.files.map(([path, bytes]) => [path.split("/").pop(), bytes]);
    const prompt = element("input", {type: "text", className: "wide", value: place.dataset.prompt, spellcheck: false});
    prompt.setAttribute("aria-label", "prompt");
    const {given} = livePanel.asked(place.querySelector("code").textContent);  // it begins as its command
    let soon = 0, draws = 1, turn = 0;
    const real = (name, value, least, most, help) => ({name, value, kind: "real", least, most, help});
    const form = liveForm({options: [
        real("temperature", "1", 0.05, 4, "logits are divided by it"), real("top-p", "1", 0, 1, "the fewest tokens that have this probability together"),
        {name: "top-k", value: "0", kind: "int", least: 0, most: 30, help: "so many tokens; 0: all"}, real("min-p", "0", 0, 1, "this share of the most likely one's probability"),
    ]}, () => { clearTimeout(soon); soon = setTimeout(again, 60); });

    form.set({temperature: given.temperature, "top-p": given["top-p"]});

    const shares = async words => (await call(["next", "--checkpoint", "stories.ckpt", "--prompt", prompt.value, "--format", "tsv", ...words], {files}))
        .trimEnd().split("\n").slice(1).map(line => line.split("\t")).map(([token, p]) => [token, Number(p)]);
    const without = words => words.filter((w, i) => w !== "--seed" && words[i - 1] !== "--seed");

    async function again() {
        const mine = ++turn;
        try {
            const plain = await shares(["--top", String(SHOWN)]);
            if (mine !== turn) return;
            const left = new Map(await shares(["--top", "0", ...without(form.words())]));
            if (mine !== turn) return;
            const most = Math.max(...plain.map(r => r[1]), ...left.values());
            bars.replaceChildren(...plain.map(([token, p]) => {
                const q = left.get(token) || 0, row = element("div", {className: q ? "live-bar" : "live-bar gone"}, element("code", {textContent: token.replace(/ /g, "\u2423")}),
                    element("span", {className: "before"}), element("span", {className: "after"}), element("small", {textContent: `${p.toFixed(3)} → ${q.toFixed(3)}`}));
                row.style.setProperty("--before", p / most), row.style.setProperty("--after", q / most);
                row.onclick = () => { prompt.value += token; again(); };
                return row;
            }));
            status.textContent = `${left.size} tokens can be drawn`;
        } catch (problem) { status.textContent = problem.message; }
    }

    async function write() {
        const words = ["sample", "--checkpoint", "stories.ckpt", "--prompt", prompt.value, "--tokens", "40", "--temperature", "1", "--top-p", "1", ...without(form.words()), "--seed", String(draws++)];
        try { told.textContent = (await call(words, {files})).trim(); } catch (problem) { told.textContent = problem.message; }
    }
    const told = element("p", {className: "live-told"});
    prompt.oninput = () => { clearTimeout(soon); soon = setTimeout(again, 150); };
    place.replaceChildren(element("div", {className: "live-inputs"}, prompt), form.element, status, bars, element("div", {className: "live-buttons"}, button("Write on with these settings", write, "live-go")), told);
    again();
})();

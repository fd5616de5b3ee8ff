// Byte pair encoding, one merge at a time, on the reader's own text: chapter 1's `train` learns the merges, its `show`
// cuts the text with as many of them as the slider says.
"use strict";
(async () => {
    const {element, button} = livePanel, place = document.querySelector(".live-bpe");
    if (!place) return;
    const BYTES = 256, chapter = await live.load("ch01"), call = liveExplore.caller(chapter);
    const text = liveForm.takesFiles(element("textarea", {rows: 5, value: place.querySelector("pre").textContent.trim(), spellcheck: false}));
    const slider = element("input", {type: "range", min: 0, max: 60, value: 0}), count = element("output");
    const merge = element("p", {className: "live-status"}), tokens = element("div", {className: "live-tokens"}), table = element("tbody"), last = element("div", {hidden: true}, element("h4", {textContent: "The last merges"}), element("table", {}, table));
    text.setAttribute("aria-label", "text"), slider.setAttribute("aria-label", "merges");
    let soon = 0, turn = 0;

    async function show() {
        const k = Number(slider.value), mine = ++turn;
        count.textContent = `${k} merges`;
        const own = [["own.txt", new TextEncoder().encode(text.value)]];
        await call(["train", "--vocab", String(BYTES + k), "-o", "/tmp/own.bpe", "own.txt"], {files: own});
        if (mine !== turn) return;
        const vocabulary = await call(["inspect", "--model", "/tmp/own.bpe"]);
        if (mine !== turn) return;
        const shown = await call(["show", "--model", "/tmp/own.bpe", "--file", "own.txt"]);
        if (mine !== turn) return;
        const rows = vocabulary.trimEnd().split("\n").map(line => line.split("\t"));
        const texts = new Map(rows.map(row => [Number(row[0]), readable(row[row.length - 1])]));
        draw(shown, texts);
        const merges = rows.filter(row => Number(row[0]) >= BYTES).slice(-8).reverse();
        last.hidden = !merges.length;
        table.replaceChildren(...merges.map(([id, left, right, times]) => element("tr", {}, ...[id, `${texts.get(Number(left))} + ${texts.get(Number(right))}`, texts.get(Number(id)), `${times} times`].map(
            text => element("td", {}, element("code", {textContent: text}))))));
    }

    // A token as `inspect` writes it, " wi\"de": without its quotes, its spaces to be seen.
    const readable = written => written.slice(1, -1).replace(/ /g, "\u2423").replace(/\\"/g, '"');

    // show prints the tokens of each line of the text, and below them their ids: "111·119|32·98".
    function draw(shown, texts) {
        tokens.replaceChildren();
        let all = 0;
        shown.trimEnd().split("\n").forEach((line, i) => {
            if (i % 2 === 0) return;
            for (const piece of line.split("|"))
                tokens.append(element("span", {className: "live-piece"}, ...piece.split("·").map(Number).map(id => {
                    const token = element("span", {className: id >= BYTES ? "live-token merged" : "live-token", title: `id ${id}`, textContent: texts.get(id)});
                    token.style.setProperty("--hue", String(id * 47 % 360));
                    all++;
                    return token;
                })));
            tokens.append(element("br"));
        });
        const bytes = new TextEncoder().encode(text.value).length;
        merge.textContent = `${bytes} bytes, ${all} tokens: ${(bytes / all).toFixed(2)} bytes per token`;
    }

    const again = () => { clearTimeout(soon); soon = setTimeout(() => show().catch(p => { merge.textContent = p.message; }), 100); };
    const step = by => () => { slider.value = Number(slider.value) + by; again(); };
    slider.oninput = again, text.oninput = again;
    place.replaceChildren(text, element("div", {className: "live-buttons"}, button("−1", step(-1)), button("+1 merge", step(1), "live-go"), slider, count),
                          merge, tokens, last);
    again();
})();

// node tools/check_live.js BOOK [CHAPTER...]: opens the book's pages in a headless browser, from disk and without
// network. Runs every lab with its defaults where all labs stand, labs.html, and reports claims that fail, crashes,
// figures that are not drawn; then forms, Stop, a reader's own text, a link with settings, too little memory, a narrow
// and a dark screen, the pages of their own, and pages without scripts. With CHAPTER... (ch02) only those labs;
// "pages": only the rest.
// LIVE_SECONDS (300) is the most that a lab may take.
"use strict";
const path = require("path"), browsers = require("./browser.js");
const book = `file://${path.resolve(process.argv[2] || "build/book")}/`, chapters = process.argv.slice(3);
const MOST = Number(process.env.LIVE_SECONDS) || 300;
const problems = [];
const wrong = text => { problems.push(text); console.log(`  ${text}`); };

// In the page: opens a lab, runs it, and says what came of it.
const RUN = `async (command, most) => {
    const code = [...document.querySelectorAll(".live-here code")].find(c => c.textContent === command);
    const opens = code.parentElement.querySelector(".live-open");
    await opens.onclick();
    const panel = opens.panel;
    if (!panel) return {why: opens.textContent};
    const started = performance.now(), stop = setTimeout(() => panel.querySelectorAll(".live-buttons button")[1].click(), 1000 * most);
    await panel.begin();
    clearTimeout(stop);
    const rows = [...panel.querySelectorAll(".claims tbody tr")], name = panel.dataset.lab;
    const said = {
        status: Number(panel.dataset.status), seconds: (performance.now() - started) / 1000, text: panel.querySelector(".live-status").textContent,
        claims: rows.length, failed: rows.filter(r => r.className === "failed").map(r => r.textContent),
        figures: panel.querySelectorAll(".live-figure").length, undrawn: [...panel.querySelectorAll(".live-stage pre")].map(p => p.textContent),
        fields: panel.querySelectorAll(".live-option").length, errors: [...panel.querySelectorAll('pre[data-fd="2"]')].map(p => p.textContent),
    };
    panel.remove();
    return said;
}`;

async function labs(browser) {
    const page = await browser.page(book + "labs.html");
    const commands = await page.run('[...document.querySelectorAll(".live-here code")].map(c => c.textContent)');
    let claims = 0, count = 0;
    for (const command of commands) {
        const [, chapter, lab] = command.match(/^\.\/(ch\d\d)_\w+ (.*)$/);
        if (chapters.length && !chapters.includes(chapter)) continue;
        const said = await page.run(`(${RUN})(${JSON.stringify(command)}, ${MOST})`);
        count++, claims += said.claims || 0;
        console.log(`${chapter} ${lab}: ${said.claims} claims, ${said.figures} figures, ${said.seconds?.toFixed(1)} s`);
        if (said.why || said.status > 1) wrong(`${command}: ${said.why || said.text} ${said.errors}`);
        else if (said.status === -1) wrong(`${command}: longer than ${MOST} s`);
        for (const row of said.failed || []) wrong(`${command}: ${row}`);
        for (const what of said.undrawn || []) wrong(`${command}: ${what}`);
        if (said.status === 0 && !said.claims) wrong(`${command}: no claims`);
    }
    page.errors.forEach(wrong);
    await page.close();
    console.log(`labs: ${count} run, ${claims} claims`);
}

const pause = ms => `new Promise(done => setTimeout(done, ${ms}))`;
const until = (what, most = 60) => `(async () => { for (let i = 0; i < ${most * 10}; i++) { if (${what}) return true; await ${pause(100)}; } return false; })()`;

async function forms(browser) {
    const page = await browser.page(book + "ch02_attention_2.html#run=rope-decay&dim=32&scaling=pi");
    const expect = async (what, why) => { if (!await page.run(what)) wrong(`ch02_attention_2.html: ${why}`); };
    await expect(until('document.querySelector(".live-panel")?.dataset.status === "0"'), "a link with settings does not run its lab");
    await expect('document.querySelector(".live-command code").textContent.endsWith("rope-decay --dim 32 --scaling pi")', "the link's settings are not the form's");
    await expect('document.querySelectorAll(".live-option").length === 6', "options without a field");
    await expect('(() => { const r = document.querySelector("input[type=range]"); r.value = r.max; r.oninput(); return document.querySelector(".live-command code").textContent.includes("--dim 1024"); })()', "the slider does not move the option");
    await expect('(() => { document.querySelectorAll(".live-buttons button")[2].click(); return document.querySelector(".live-command code").textContent.endsWith(" rope-decay"); })()', "Reset leaves settings");
    // a million distances take seconds: Stop, and then another run
    await expect(`(async () => { const p = document.querySelector(".live-panel"), t = [...p.querySelectorAll("input[type=text]")]; t[2].value = "1000000"; t[2].dispatchEvent(new Event("input"));
        const run = p.begin(); await ${pause(700)}; p.querySelectorAll(".live-buttons button")[1].click(); await run; return p.dataset.status === "-1"; })()`, "Stop does not stop");
    await expect(`(async () => { const p = document.querySelector(".live-panel"); p.querySelectorAll(".live-buttons button")[2].click(); await p.begin(); return p.dataset.status === "0"; })()`, "no run after Stop");
    await expect(`(async () => { const p = document.querySelector(".live-panel"), t = p.querySelector("input[type=text]"); t.value = "7"; t.dispatchEvent(new Event("input")); await p.begin();
        return p.dataset.status === "2" && /even number/.test(p.textContent); })()`, "a wrong value is not explained");
    page.errors.forEach(wrong);
    await page.close();
}

// A reader's own text: dropped as a file, and typed.
async function ownText(browser) {
    const page = await browser.page(book + "ch01_tokenizer.html");
    const expect = async (what, why) => { if (!await page.run(`(async () => { const p = window.panel, t = p?.querySelector("textarea"); ${what} })()`)) wrong(`ch01_tokenizer.html: ${why}`); };
    await expect(`const o = document.querySelector('.live-open[data-lab="merges"]'); await o.onclick(); window.panel = o.panel; return !!panel.querySelector("textarea");`, "no place for one's own text");
    await expect(`const files = new DataTransfer(); files.items.add(new File(["to be or not to be, that is the question. ".repeat(60)], "own.txt"));
        t.dispatchEvent(new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true})); await ${until('document.querySelector(".live-panel textarea").value.length > 2000', 5)};
        return p.querySelector(".live-command code").textContent.endsWith("merges --data own.txt");`, "a dropped file is not the lab's text");
    await expect(`await p.begin(); return p.dataset.status === "0" && p.querySelectorAll(".live-figure").length === 1;`, "the lab does not run on a dropped file");
    await expect(`t.value = "low lower lowest ".repeat(100); t.dispatchEvent(new Event("input")); await p.begin(); return p.dataset.status === "0";`, "the lab does not run on a typed text");
    await expect(`p.querySelectorAll(".live-buttons button")[2].click(); return t.value === "" && p.querySelector(".live-command code").textContent.endsWith(" merges");`, "Reset leaves a text");
    page.errors.forEach(wrong);
    await page.close();
}

// What one run costs is that run: memory that is not there is said to be missing, and the next run is as ever.
async function memory(browser) {
    const page = await browser.page(book + "labs.html#run=lengths&least=16384&most=16384&table=16384");
    await page.run(until('document.querySelector(".live-panel")?.dataset.status'));
    if (!await page.run('(() => { const p = document.querySelector(".live-panel"); return p.dataset.status === "2" && /memory/.test(p.textContent); })()')) wrong("labs.html: too little memory is not explained");
    if (!await page.run('(async () => { const p = document.querySelector(".live-panel"); p.querySelectorAll(".live-buttons button")[2].click(); await p.begin(); return p.dataset.status === "0"; })()')) wrong("labs.html: no run after one without memory");
    page.errors.forEach(wrong);
    await page.close();
}

// Nothing wider than the screen; everything of a page of its own is there when it has run.
async function pages(browser) {
    const done = {
        "live_rope.html": 'document.querySelectorAll(".live-figure").length === 1', "live_map.html": 'document.querySelectorAll(".live-figure").length === 1',
        "live_tiles.html": 'document.querySelectorAll(".live-figure").length >= 1', "live_depth.html": 'document.querySelectorAll(".live-figure").length >= 2',
        "live_bpe.html": 'document.querySelectorAll(".live-token").length > 50', "live_next.html": 'document.querySelectorAll(".live-bar").length > 5',
        "live_chat.html": 'document.querySelector(".live-chat input")',
    };
    for (const [name, ready] of Object.entries(done))
        for (const [width, dark] of [[390, true], [1280, false]]) {
            const page = await browser.page(book + name, {width, dark});
            if (!await page.run(until(ready, MOST))) wrong(`${name} (${width}): nothing came`);
            else if (await page.run("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")) wrong(`${name} (${width}): scrolls sideways`);
            page.errors.forEach(wrong);
            await page.close();
        }
    const page = await browser.page(book + "live_chat.html");
    await page.run(until('document.querySelector(".live-buttons button") && !document.querySelector(".live-status").textContent'));
    await page.run('document.querySelector(".live-buttons button").click()');
    if (!await page.run(until('/Tom/.test([...document.querySelectorAll(".live-said .model")][1]?.textContent)'))) wrong("live_chat.html: it does not say who has the kite");
    await page.close();
}

// Without scripts a page has every word that it has with them, but for what they add.
async function withoutScripts(browser) {
    const rest = `(() => { document.querySelectorAll(".live-open, .live-panel, .live-page").forEach(e => e.remove()); return document.querySelector("main").innerText.replace(/\\s+/g, " "); })()`;
    for (const name of ["ch02_attention.html", "ch05_sft_rlhf.html", "live_rope.html", "live_chat.html", "labs.html", "index.html"]) {
        const read = [];
        for (const scripts of [true, false]) {
            const page = await browser.page(book + name, {scripts});
            if (!scripts && await page.run('document.querySelectorAll(".live-open, .live-panel, .live-form").length')) wrong(`${name} without scripts: parts that need some`);
            if (!scripts && await page.run('[...document.querySelectorAll(".live-page")].some(e => !e.innerText.trim())')) wrong(`${name} without scripts: an empty place`);
            read.push(await page.run(rest));
            await page.close();
        }
        if (read[0] !== read[1] || read[0].split(" ").length < 30) wrong(`${name} without scripts: ${read[1].length} letters of ${read[0].length}`);
    }
}

(async () => {
    const browser = await browsers.open();
    if (!browser) { console.log("check-live: no Chromium here, nothing was looked at"); return; }
    try {
        await labs(browser);
        if (!chapters.length || chapters.includes("pages")) await forms(browser), await ownText(browser), await memory(browser), await pages(browser), await withoutScripts(browser);
    } finally { browser.close(); }
    console.log(problems.length ? `check-live: ${problems.length} problems` : "check-live: all well");
    process.exitCode = problems.length ? 1 : 0;
})().catch(error => { console.log(`check-live: ${error.message}`); process.exitCode = 1; });

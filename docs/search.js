// Finds words in the book's pages, without a server. The pages are whole without it: it makes the field itself, in
// each <div class="find">, and loads what it searches, search_index.js, when the field is first used.
//
// search_index.js (from tools/book.lua) calls search_pages with a row for each section: [link, title, text].
"use strict";
let pages = null;
const waiting = [];

function search_pages(rows) {
    pages = rows.map(([link, title, text]) => ({
        link, title, text, title_low: title.toLowerCase(), text_low: text.toLowerCase(),
    }));
    for (const show of waiting) show();
}

function load_pages() {
    if (document.querySelector("script[src='search_index.js']")) return;
    const script = document.createElement("script");
    script.src = "search_index.js";
    document.head.append(script);
}

// How well a section fits: 0 where a word is missing; a word in the title, or at the start of a word, counts more.
function fit(page, words) {
    let sum = 0;
    for (const word of words) {
        const at = page.text_low.indexOf(word), in_title = page.title_low.includes(word);
        if (at < 0 && !in_title) return 0;
        const begins = at === 0 || (at > 0 && !/[\p{L}\p{N}]/u.test(page.text_low[at - 1]));
        sum += (in_title ? 20 : 0) + (page.title_low.startsWith(word) ? 10 : 0) + (begins ? 4 : 1) + Math.min(page.text_low.split(word).length - 1, 8);
    }
    return sum;
}

// A line of the text around the first word, with the words marked.
function excerpt(page, words) {
    const places = words.map(w => page.text_low.indexOf(w)).filter(at => at >= 0);
    const at = places.length ? Math.min(...places) : 0, from = Math.max(0, page.text.lastIndexOf(" ", at - 50) + 1);
    const line = document.createElement("small"), text = page.text.slice(from, from + 150);
    const parts = new RegExp("(" + words.map(w => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|") + ")", "i");
    for (const [i, part] of text.split(parts).entries()) {
        const piece = document.createElement(i % 2 ? "mark" : "span");
        piece.textContent = part;
        line.append(piece);
    }
    return line;
}

function show_found(list, query) {
    const words = query.toLowerCase().split(/\s+/).filter(w => w);
    list.replaceChildren();
    if (!words.length || words.join("").length < 2 || !pages) return;
    const found = pages.map(page => ({page, sum: fit(page, words)})).filter(f => f.sum > 0);
    found.sort((a, b) => b.sum - a.sum);
    for (const {page} of found.slice(0, 12)) {
        const item = document.createElement("li"), link = document.createElement("a");
        link.href = page.link;
        link.textContent = page.title;
        item.append(link, excerpt(page, words));
        list.append(item);
    }
    if (!found.length) list.append("Nothing found.");
}

for (const place of document.querySelectorAll(".find")) {
    const field = document.createElement("input"), list = document.createElement("ul");
    field.type = "search";
    field.placeholder = "Search the book";
    field.setAttribute("aria-label", "Search the book");
    const show = () => show_found(list, field.value);
    field.addEventListener("focus", load_pages);
    field.addEventListener("input", () => { load_pages(); show(); });
    field.addEventListener("keydown", key => {
        if (key.key === "Escape") { field.value = ""; show(); }
        if (key.key === "Enter" && list.querySelector("a")) location.href = list.querySelector("a").href;
    });
    waiting.push(show);
    place.append(field, list);
}

// Talking to chapter 5's assistant: its `chat`, from the beginning with each line. The same seed gives the same
// answers, so what was said stays as it was, and what is new is at the end.
"use strict";
(async () => {
    const {element, button} = livePanel, place = document.querySelector(".live-chat");
    if (!place) return;
    const said = element("div", {className: "live-said"}), field = element("input", {type: "text", className: "wide", placeholder: "Say something"});
    const status = element("p", {className: "live-status", role: "status", textContent: "Loading"});
    const temperature = element("input", {type: "range", min: 0, max: 1.5, step: 0.05, value: 0}), shown = element("output", {textContent: "0"});
    const ask = liveExplore.caller(await live.load("ch05"));
    let lines = [], before = "", busy = false;
    field.setAttribute("aria-label", "what you say"), temperature.setAttribute("aria-label", "temperature");

    const call = () => ask(["chat", "--checkpoint", "ch05_sft_rlhf/assistant.ckpt", "--temperature", temperature.value], {stdin: [...lines]})
        .catch(problem => problem.message);

    function bubble(kind, text) {
        const line = element("p", {className: kind, textContent: text});
        said.append(line);
        line.scrollIntoView({block: "nearest"});
        return line;
    }

    async function say(text) {
        if (busy || !text.trim()) return;
        busy = true, field.value = "";
        bubble("you", text);
        const answer = bubble("model", "…");
        lines.push(text);
        const out = await call();
        answer.textContent = out.startsWith(before) ? out.slice(before.length).trim() : out.trim();
        before = out, busy = false;
        field.focus();
    }

    async function anew() {
        if (busy) return;
        busy = true, lines = [];
        said.replaceChildren();
        before = await call();
        status.textContent = "";
        busy = false;
    }

    field.onkeydown = event => { if (event.key === "Enter") say(field.value); };
    temperature.oninput = () => { shown.textContent = temperature.value; };
    temperature.onchange = anew;
    const examples = [...place.querySelectorAll("li")].map(li => button(li.textContent, () => say(li.textContent)));
    place.replaceChildren(said, element("div", {className: "live-inputs"}, field, button("Say", () => say(field.value), "live-go"), button("Begin anew", anew)),
                          element("p", {}, element("label", {}, "temperature ", temperature, " ", shown)), status,
                          element("div", {className: "live-buttons"}, ...examples));
    await anew();
})();

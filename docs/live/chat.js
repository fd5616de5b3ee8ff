// Talking to chapter 5's assistant: its `chat`, from the beginning with each line. The same seed gives the same
// answers, so what was said stays as it was, and what is new is at the end.
"use strict";
(async () => {
    const {element, button} = livePanel, place = document.querySelector(".live-chat");
    if (!place) return;
    const said = element("div", {className: "live-said"}), status = element("p", {className: "live-status", role: "status", textContent: "Loading"});
    const field = element("input", {type: "text", className: "wide", placeholder: "Tell it a story, then ask", autocomplete: "off", enterKeyHint: "send"});
    const temperature = element("input", {type: "range", min: 0, max: 1.5, step: 0.05, value: 0}), shown = element("output", {textContent: "0"});
    const hints = [...place.querySelectorAll("li")].map(li => li.textContent);
    place.append(status);
    const ask = liveExplore.caller(await live.load("ch05"));
    let lines = [], before = "", busy = false, seed = 1;
    said.setAttribute("aria-live", "polite"), field.setAttribute("aria-label", "what you say"), temperature.setAttribute("aria-label", "temperature");

    const call = () => ask(["chat", "--checkpoint", "ch05_sft_rlhf/assistant.ckpt", "--temperature", temperature.value, "--seed", String(seed)], {stdin: [...lines]})
        .catch(problem => problem.message);

    function bubble(kind, text) {
        const line = element("p", {className: kind, textContent: text});
        said.append(line);
        said.scrollTop = said.scrollHeight;
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
        said.scrollTop = said.scrollHeight;
        before = out, busy = false;
    }

    // What it says first: the beginning of what it says of itself.
    async function anew(why) {
        if (busy) return;
        busy = true, lines = [], seed++;
        said.replaceChildren();
        before = await call();
        if (why) bubble("note", why);
        bubble("model", before.split(";")[0] + ".");
        status.textContent = "";
        busy = false;
    }

    const inputs = element("form", {className: "live-inputs"}, field, element("button", {type: "submit", textContent: "Say", className: "live-go"}));
    inputs.onsubmit = event => { event.preventDefault(); say(field.value); };
    temperature.oninput = () => { shown.textContent = temperature.value; };
    temperature.onchange = () => anew(`temperature ${temperature.value}: a new conversation`);
    place.replaceChildren(said, element("div", {className: "live-buttons live-hints"}, ...hints.map(text => button(text, () => say(text)))), inputs,
                          element("div", {className: "live-inputs"}, element("label", {className: "live-inputs"}, "temperature", temperature, shown),
                                  button("Begin anew", () => anew())), status);
    await anew();
})();

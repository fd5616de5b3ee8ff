// A lab's options as a form: a slider beside each number, a list for choices, a place for one's own text. What it is
// made of is what the program says of itself (./chNN --list --json).
//
//     const form = liveForm(lab, () => changed());
//     form.element; form.words(); form.values(); form.set({dim: "64"}); form.reset(); form.files()
"use strict";
const liveForm = (() => {
    const OWN_TEXT = "own.txt", STEPS = 200, REACH = 16;

    function element(name, properties = {}, ...inside) {
        const e = Object.assign(document.createElement(name), properties);
        e.append(...inside);
        return e;
    }

    // How far a slider goes: around the default; the field beside it takes all that the program does.
    function reach(option) {
        const value = Number(option.value), {least, most} = option;
        let low = Math.max(least, value > 0 ? value / REACH : least), high = Math.min(most, value > 0 ? value * REACH : least + 100);
        if (most - least <= 100) low = least, high = most;
        if (option.kind === "int") low = Math.ceil(low), high = Math.floor(high);
        return low < high ? {low, high, log: low > 0 && high / low > 20} : null;
    }

    function slider(option, field, changed) {
        const r = reach(option);
        if (!r) return null;
        const to = t => r.log ? r.low * (r.high / r.low) ** t : r.low + (r.high - r.low) * t;
        const from = v => r.log ? Math.log(v / r.low) / Math.log(r.high / r.low) : (v - r.low) / (r.high - r.low);
        const whole = option.kind === "int", steps = whole && !r.log ? Math.min(STEPS * 5, r.high - r.low) : STEPS;
        const input = element("input", {type: "range", min: 0, max: steps, step: 1});
        input.setAttribute("aria-label", option.name);
        input.follow = () => { input.value = Math.round(steps * Math.min(1, Math.max(0, from(Number(field.value))))); };
        input.oninput = () => {
            const value = to(input.value / steps);
            field.value = whole ? Math.round(value) : +value.toPrecision(3);
            changed();
        };
        return input;
    }

    // A text file that is dropped on a place to type becomes what was typed.
    function takesFiles(area) {
        area.ondragover = event => event.preventDefault();
        area.ondrop = async event => {
            const [file] = event.dataTransfer.files;
            if (!file) return;
            event.preventDefault();
            area.value = await file.text();
            area.dispatchEvent(new Event("input"));
        };
        return area;
    }

    const ownText = () => takesFiles(element("textarea", {rows: 4, placeholder: "Empty: the lab's own text. Type, paste, or drop a text file here."}));

    // A field, and how it is read and set: its value is the option's, as on the command line.
    function fieldOf(option, changed) {
        let field, value = () => field.value, set = text => { field.value = text; }, beside = null;
        if (option.kind === "choice") field = element("select", {}, ...option.choices.map(c => element("option", {value: c, textContent: c})));
        else if (option.kind === "flag") {
            field = element("input", {type: "checkbox"});
            value = () => field.checked ? "yes" : "", set = text => { field.checked = text !== ""; };
        } else if (option.name === "data") field = ownText();
        else {
            const number = option.kind === "int" || option.kind === "real";
            field = element("input", {type: "text", inputMode: number ? "decimal" : "text", spellcheck: false});
            if (!number) field.classList.add("wide");
            else beside = slider(option, field, changed);
        }
        const original = option.kind === "flag" ? "" : option.value ?? "";
        const put = text => { set(text); beside?.follow(); };
        field.addEventListener("input", () => { beside?.follow(); changed(); });
        put(original);
        return {option, field, beside, value, put, original};
    }

    function rowOf(f) {
        const inputs = element("span", {className: "live-inputs"}, ...(f.beside ? [f.beside] : []), f.field);
        return element("label", {className: f.field.localName === "textarea" || f.field.classList.contains("wide") ? "live-option long" : "live-option"},
                       element("b", {textContent: f.option.name}), inputs, element("small", {textContent: f.option.help}));
    }

    function liveForm(lab, changed) {
        const options = lab.options.filter(o => o.name !== "checkpoint");
        const fields = options.map(o => fieldOf(o, changed));
        const words = f => f.option.kind === "flag" ? [`--${f.option.name}`]
            : [`--${f.option.name}`, f.option.name === "data" ? OWN_TEXT : f.value()];
        const changedOnes = () => fields.filter(f => f.value() !== f.original);
        return {
            element: element("div", {className: "live-form"}, ...fields.map(rowOf)),
            words: () => changedOnes().flatMap(words),
            values: () => Object.fromEntries(changedOnes().map(f => [f.option.name, f.value()])),
            set: values => fields.forEach(f => { if (f.option.name in values) f.put(values[f.option.name]); }),
            reset: () => fields.forEach(f => f.put(f.original)),
            files: () => fields.filter(f => f.option.name === "data" && f.value()).map(f => [OWN_TEXT, new TextEncoder().encode(f.value())]),
        };
    }
    return Object.assign(liveForm, {takesFiles});
})();

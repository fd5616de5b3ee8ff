// The chapters' programs in the page: loads them when they are first asked for, and runs their labs.
//
//     const chapter = await live.load("ch02");         {name, program, labs, files, bytes}
//     const run = live.run(chapter, ["rope-decay", "--dim", "64"], {line(text, fd) {}, figure(json, tsv) {}});
//     const {status, why} = await run.ended;           run.stop() ends it
"use strict";
const live = (() => {
    const asked = new Map(), arrived = new Map();
    const decode = base64 => Uint8Array.from(atob(base64), c => c.charCodeAt(0));
    const home = new URL(".", document.currentScript.src).href;

    // Called by live/chNN.js.
    function chapter({name, program, labs, files, module}) {
        const read = Object.entries(files).map(([path, base64]) => [path, decode(base64)]);
        arrived.get(name)({name, program, labs: labs.labs, title: labs.title, files: read, bytes: decode(module)});
    }

    function load(name) {
        if (!asked.has(name))
            asked.set(name, new Promise((resolve, reject) => {
                const script = document.createElement("script");
                arrived.set(name, resolve);
                script.src = `${home}${name}.js`;
                script.onerror = () => { asked.delete(name); reject(new Error(`live/${name}.js does not load`)); };
                document.head.append(script);
            }));
        return asked.get(name);
    }

    // Folders that the programs expect beside those of the files.
    function surroundings(chapter, own) {
        const folders = ["tmp", "dev", "docs", ...["ch01_tokenizer", "ch03_transformer", "ch05_sft_rlhf"], chapter.program];
        return [...folders.map(path => [path, null]), ...chapter.files, ...own];
    }

    // Lines as they come; what a line begins with \r for is progress.
    function lines(text, fd, rest, on) {
        const parts = (rest + text).split("\n");
        const last = parts.pop();
        for (const line of parts) on.line?.(line.replace(/^.*\r(\x1b\[K)?/, ""), fd);
        const progress = last.match(/\r([^\r\x1b]*)/g);
        if (fd === 2 && progress) on.progress?.(progress[progress.length - 1].trim());
        return progress ? last.slice(last.lastIndexOf("\r")) : last;
    }

    function run(chapter, words, on = {}, {files = [], stdin, worker: kept} = {}) {
        const worker = kept || liveWorker(), folder = `${chapter.program}/plots`, rest = {1: "", 2: ""}, figures = new Map();
        let finish;
        const ended = new Promise(resolve => { finish = resolve; });
        const figure = (path, bytes) => {
            const [, name, kind] = path.match(/([^/]+)\.(json|tsv)$/) || [];
            if (!name) return on.file?.(path, bytes);
            const pair = figures.get(name) || {};
            figures.set(name, pair);
            pair[kind] = new TextDecoder().decode(bytes);
            if (pair.json && pair.tsv) on.figure?.(JSON.parse(pair.json), pair.tsv, name);
        };
        worker.onmessage = ({data}) => {
            if (data.made) data.made.forEach(([path, bytes]) => figure(path, bytes));
            if (data.out) rest[data.out] = lines(data.text, data.out, rest[data.out], on);
            if (!data.end) return;
            for (const fd of [1, 2]) if (rest[fd] && !rest[fd].startsWith("\r")) on.line?.(rest[fd], fd);
            if (!kept) worker.terminate();
            finish(data.end);
        };
        worker.onerror = event => { worker.terminate(); finish({status: 134, why: event.message}); };
        if (!worker.ready) worker.postMessage({module: chapter.bytes}), worker.ready = true;
        worker.postMessage({args: [`${chapter.program}/${chapter.program}`, ...words], files: surroundings(chapter, files), folder, stdin});
        return {ended, stop() { worker.terminate(); finish({status: -1, why: "stopped"}); }};
    }

    return {chapter, load, run, worker: liveWorker};
})();

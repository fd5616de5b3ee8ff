// Programs run in a worker: the page stays awake, and stops one by ending its worker. A page opened from disk may not
// load a worker's script, but may make one of a text: so this is a function, and its text is sent.
//
//     const worker = liveWorker();
//     worker.postMessage({module});                 WebAssembly's bytes, once
//     worker.postMessage({args, files, folder});    one run; files: [[path, Uint8Array or null], ...]
//
// Answers: {out: fd, text} as it is printed, {made: [[path, Uint8Array], ...]} after each line that names a figure,
// {end: {status, why}}. What a run wrote stays for the next one of the same worker; {forget: true} begins anew.
"use strict";
function liveWorkerBody() {
    let compiled = null, kept = new Map(), input = [];
    const decoders = {1: new TextDecoder(), 2: new TextDecoder()};

    // The files below the folder of figures, each once.
    function made(folder, seen) {
        const now = [];
        for (const [path, bytes] of kept)
            if (bytes && path.startsWith(folder + "/") && seen.get(path) !== bytes) {
                seen.set(path, bytes);
                now.push([path, bytes.slice()]);
            }
        if (now.length) postMessage({made: now});
    }

    async function run({args, files, folder, stdin}) {
        for (const [path, bytes] of files) kept.set(path, bytes);
        for (const path of [...kept.keys()]) if (path.startsWith(folder + "/")) kept.delete(path);
        input = stdin || [];
        const seen = new Map();
        const end = await wasiRun(compiled, {
            args, files: kept, environment: ["NO_COLOR=1"],
            read: () => input.length ? new TextEncoder().encode(input.shift() + "\n") : null,
            write(fd, bytes) {
                const text = decoders[fd].decode(bytes, {stream: true});
                postMessage({out: fd, text});
                if (/^ {2}(figure|data): /m.test(text)) made(folder, seen);
            },
        });
        made(folder, seen);
        postMessage({end});
    }

    onmessage = async ({data}) => {
        try {
            if (data.module) compiled = new WebAssembly.Module(data.module);
            else await run(data);
        } catch (problem) {
            postMessage({end: {status: 134, why: String(problem)}});
        }
    };
}

function liveWorker() {
    const text = `"use strict";\n${liveTeam}\n${wasiRun}\n(${liveWorkerBody})();`;
    const address = URL.createObjectURL(new Blob([text], {type: "text/javascript"}));
    const worker = new Worker(address);
    URL.revokeObjectURL(address);
    return worker;
}

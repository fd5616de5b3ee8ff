// A headless browser, driven from node without anything else: Chromium reads commands from one pipe and answers on
// another, each a line of JSON that ends with a zero byte.
//
//     const browser = await require("./browser.js").open();   null where there is no Chromium
//     const page = await browser.page("file:///...", {width: 390, dark: true, scripts: true});
//     await page.run("document.title"); await page.picture("a.png"); await page.close(); browser.close();
"use strict";
const fs = require("fs"), os = require("os"), path = require("path"), {spawn, spawnSync} = require("child_process");

function found() {
    const names = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"].filter(Boolean);
    return names.find(name => spawnSync(name, ["--version"]).status === 0);
}

async function open() {
    const name = found();
    if (!name) return null;
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), "browser-"));
    const child = spawn(name, ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--proxy-server=127.0.0.1:9", `--user-data-dir=${profile}`, "--remote-debugging-pipe"],
        {stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"]});
    const waiting = new Map(), heard = [];
    let count = 0, rest = "", ended = null;
    // Who waits for a browser that is gone would wait for ever, and node end as if all were well.
    child.on("exit", (status, signal) => {
        ended = new Error(`the browser ended (${signal || `status ${status}`})`);
        for (const {reject} of waiting.values()) reject(ended);
    });
    child.stdio[3].on("error", () => {});
    child.stdio[4].on("data", data => {
        const parts = (rest + data).split("\0");
        rest = parts.pop();
        for (const part of parts) {
            const message = JSON.parse(part), asked = waiting.get(message.id);
            if (!asked) { heard.forEach(h => h(message)); continue; }
            waiting.delete(message.id);
            if (message.error) asked.reject(new Error(message.error.message)); else asked.resolve(message.result);
        }
    });
    const send = (method, params = {}, sessionId) => new Promise((resolve, reject) => {
        if (ended) { reject(ended); return; }
        waiting.set(++count, {resolve, reject});
        child.stdio[3].write(JSON.stringify({id: count, method, params, sessionId}) + "\0");
    });

    async function page(address, {width = 1280, height = 900, dark = false, scripts = true} = {}) {
        const {targetId} = await send("Target.createTarget", {url: "about:blank"});
        const {sessionId} = await send("Target.attachToTarget", {targetId, flatten: true});
        const say = (method, params) => send(method, params, sessionId), errors = [];
        heard.push(m => {
            if (m.sessionId !== sessionId) return;
            if (m.method === "Runtime.exceptionThrown") errors.push(m.params.exceptionDetails.exception?.description || m.params.exceptionDetails.text);
        });
        await say("Page.enable"), await say("Runtime.enable");
        await say("Emulation.setDeviceMetricsOverride", {width, height, deviceScaleFactor: 1, mobile: width < 600});
        await say("Emulation.setEmulatedMedia", {features: [{name: "prefers-color-scheme", value: dark ? "dark" : "light"}]});
        if (!scripts) await say("Emulation.setScriptExecutionDisabled", {value: true});
        const loaded = new Promise((resolve, reject) => {
            waiting.set(`load ${sessionId}`, {resolve, reject});
            heard.push(m => { if (m.sessionId === sessionId && m.method === "Page.loadEventFired") resolve(); });
        });
        loaded.catch(() => {}); // who waits for it hears of it below
        await say("Page.navigate", {url: address});
        await loaded;
        waiting.delete(`load ${sessionId}`);
        return {
            errors,
            async run(expression) {
                const {result, exceptionDetails} = await say("Runtime.evaluate", {expression, awaitPromise: true, returnByValue: true});
                if (exceptionDetails) throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
                return result.value;
            },
            async picture(file, whole = false) {
                const {data} = await say("Page.captureScreenshot", {captureBeyondViewport: whole});
                fs.writeFileSync(file, Buffer.from(data, "base64"));
            },
            close: () => send("Target.closeTarget", {targetId}),
        };
    }
    // Its helpers may still be writing when it has ended; what is left of the profile then is a folder for temporary files.
    const clean = () => fs.rm(profile, {recursive: true, force: true, maxRetries: 5, retryDelay: 200}, () => {});
    return {page, close() { child.on("exit", clean); child.kill(); }};
}
module.exports = {open};

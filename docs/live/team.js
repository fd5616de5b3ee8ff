// Several processes of one program in one page: chapter 4's team. What fork would do, the page does: a member is the same
// module once more, with a copy of the first one's memory; so it begins with all that the first one knows, and what it
// writes stays its own. They take turns on the worker's one thread: whoever waits for bytes is suspended, which takes
// WebAssembly's promise integration. Where a browser has none, begin answers 0, and the program says so.
//
//     const team = liveTeam(module, () => first, wasiOf);
//     new WebAssembly.Instance(module, {..., team: team.imports})        team.runs(f) runs an export that may be suspended
//
// The C beside it is wasi/team_fork.c. wasiOf(member): the system's functions for an instance of its own.
"use strict";
function liveTeam(module, first, wasiOf) {
    const able = typeof WebAssembly.Suspending === "function" && typeof WebAssembly.promising === "function";
    const suspending = call => able ? new WebAssembly.Suspending(call) : call, runs = call => able ? WebAssembly.promising(call) : call;
    let members = [], ends = [], to = [];  // instances by rank; how each ends; what is on its way to each

    // A ring: what one member passes on, the next one takes, message by message.
    async function pass(rank, out, outBytes, at, bytes) {
        const memory = members[rank].exports.memory, next = to[(rank + 1) % to.length], here = to[rank];
        next.messages.push(new Uint8Array(memory.buffer, out, outBytes).slice());
        next.wake?.();
        while (!here.messages.length && !here.over) await new Promise(wake => { here.wake = wake; });
        const message = here.messages.shift();
        if (message?.length !== bytes) return 0;
        new Uint8Array(memory.buffer, at, bytes).set(message);
        return 1;
    }

    function copy() {
        const self = {}, member = new WebAssembly.Instance(module, {wasi_snapshot_preview1: wasiOf(self), team: imports});
        const from = first().exports, into = member.exports;
        const lacking = (from.memory.buffer.byteLength - into.memory.buffer.byteLength) / 65536;
        if (lacking > 0) into.memory.grow(lacking);
        new Uint8Array(into.memory.buffer).set(new Uint8Array(from.memory.buffer));
        into.__stack_pointer.value = from.__stack_pointer.value;
        self.memory = into.memory;
        return member;
    }

    // Nobody will send the next one anything more.
    function over(rank) {
        const next = to[(rank + 1) % to.length];
        next.over = true, next.wake?.();
    }

    async function end(rank, running) {
        let failed = 0;
        try { await running; } catch { failed = 1; }
        over(rank);
        return failed;
    }

    function begin(count, work, of) {
        if (!able) return 0;
        to = Array.from({length: count}, () => ({messages: []}));
        members = [first()];
        while (members.length < count) members.push(copy());
        ends = members.slice(1).map((member, i) => end(i + 1, runs(member.exports.team_member)(i + 1, count, work, of)));
        return 1;
    }

    async function failures() {
        over(0);
        return (await Promise.all(ends)).reduce((sum, failed) => sum + failed, 0);
    }

    const imports = {begin, pass: suspending(pass), end: suspending(failures)};
    return {imports, runs};
}

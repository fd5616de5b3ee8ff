// What a program sees of the world when it runs in a page: WASI (preview 1), as far as the course's programs ask for
// it. Files are in memory and stay there when the program has ended; clocks run; there is one process, and the team
// that it may ask for (team.js).
//
//     const end = await wasiRun(module, {args: ["./ch02_attention", "rope-decay"], files, write(fd, bytes) {}, read() {}});
//
// files is a Map from paths such as "ch02_attention/plots/a.tsv" to Uint8Array (a file) or null (a folder). Returns
// {status, why}: the exit status, and a sentence where the program did not end by itself.
//
// One function, so that a page can give its text to a worker. It waits for nothing but a team.
"use strict";
async function wasiRun(module, {args, environment = [], files, write, read = () => null}) {
    const OK = 0, EBADF = 8, EEXIST = 20, EINVAL = 28, EISDIR = 31, ENOENT = 44, ENOSYS = 52, ENOTDIR = 54,
        ENOTEMPTY = 55, ESPIPE = 70;
    const PIPE = 0, DEVICE = 2, FOLDER = 3, FILE = 4, ROOT = 3;
    const O_CREAT = 1, O_DIRECTORY = 2, O_EXCL = 4, O_TRUNC = 8, APPEND = 1;
    const text = new TextEncoder(), names = new TextDecoder();
    const started = performance.now(), inodes = new Map();
    // An open file: its bytes may have room to grow, size says how many are there.
    const open = [{device: true}, {device: true}, {device: true}, {path: ""}];
    let memory;
    class Exit { constructor(status) { this.status = status; } }

    const view = () => new DataView(memory.buffer);
    const bytes = (at, size) => new Uint8Array(memory.buffer, at, size);
    const set32 = (at, value) => view().setUint32(at, value, true);
    const set64 = (at, value) => view().setBigUint64(at, BigInt(value), true);
    const path = (at, size) => {
        const parts = [];
        for (const part of names.decode(bytes(at, size)).split("/"))
            if (part === "..") parts.pop();
            else if (part && part !== ".") parts.push(part);
        return parts.join("/");
    };
    const folderOf = name => name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : "";
    const isFolder = name => name === "" || files.get(name) === null;
    const isFile = name => files.has(name) && files.get(name) !== null;
    const inside = name => [...files.keys()].filter(other => folderOf(other) === name && other !== name);
    const content = file => files.get(file.path);

    // What stands for a file while it is open and grows: one buffer, seen by all who have it open.
    const resize = (file, size) => {
        const old = content(file);
        if (old.buffer.byteLength >= size + old.byteOffset) {
            const now = new Uint8Array(old.buffer, old.byteOffset, size);
            if (size > old.length) now.fill(0, old.length);
            files.set(file.path, now);
            return;
        }
        const room = new Uint8Array(new ArrayBuffer(Math.max(2 * size, 4096)), 0, size);
        room.set(old);
        files.set(file.path, room);
    };
    const vectors = (at, count) => {
        const all = [];
        for (let i = 0; i < count; i++)
            all.push([view().getUint32(at + 8 * i, true), view().getUint32(at + 8 * i + 4, true)]);
        return all;
    };
    const inode = name => { if (!inodes.has(name)) inodes.set(name, inodes.size + 1); return inodes.get(name); };
    const stat = (at, kind, name, size) => {
        bytes(at, 64).fill(0);
        set64(at + 8, inode(name));
        view().setUint8(at + 16, kind);
        set64(at + 24, 1);
        set64(at + 32, size);
        return OK;
    };
    const list = (words, pointers, buffer) => {
        for (const word of words) {
            const encoded = text.encode(word + "\0");
            set32(pointers, buffer);
            bytes(buffer, encoded.length).set(encoded);
            pointers += 4, buffer += encoded.length;
        }
        return OK;
    };
    const sizes = (words, count, size) => {
        set32(count, words.length);
        set32(size, words.reduce((sum, word) => sum + text.encode(word).length + 1, 0));
        return OK;
    };
    const readAt = (file, at, count, from) => {
        let done = 0;
        for (const [to, size] of vectors(at, count)) {
            const part = content(file).subarray(from + done, from + done + size);
            bytes(to, part.length).set(part);
            done += part.length;
        }
        return done;
    };

    const wasi = {
        args_sizes_get: (count, size) => sizes(args, count, size),
        args_get: (pointers, buffer) => list(args, pointers, buffer),
        environ_sizes_get: (count, size) => sizes(environment, count, size),
        environ_get: (pointers, buffer) => list(environment, pointers, buffer),
        clock_res_get: (clock, at) => { set64(at, 1000); return OK; },
        clock_time_get: (clock, precision, at) => {
            set64(at, Math.round(1e6 * (clock === 0 ? Date.now() : performance.now() - started)));
            return OK;
        },
        // Nobody's numbers should differ from run to run: the programs have a --seed.
        random_get: (at, size) => { bytes(at, size).fill(7); return OK; },
        proc_exit: status => { throw new Exit(status); },
        sched_yield: () => OK,
        poll_oneoff: () => ENOSYS,

        fd_close: fd => { if (!open[fd]) return EBADF; open[fd] = undefined; return OK; },
        fd_fdstat_get: (fd, at) => {
            const file = open[fd];
            if (!file) return EBADF;
            bytes(at, 24).fill(0);
            view().setUint8(at, file.device ? (fd === 0 ? PIPE : DEVICE) : isFolder(file.path) ? FOLDER : FILE);
            view().setUint16(at + 2, file.append ? APPEND : 0, true);
            // all rights, but for seeking on what is none to seek on: a terminal
            set64(at + 8, file.device ? 0x1fffffdbn : 0x1fffffffn);
            set64(at + 16, 0x1fffffffn);
            return OK;
        },
        fd_fdstat_set_flags: () => OK,
        fd_prestat_get: (fd, at) => {
            if (fd !== ROOT) return EBADF;
            set32(at, 0), set32(at + 4, 1);
            return OK;
        },
        fd_prestat_dir_name: (fd, at, size) => { bytes(at, size).set(text.encode("/").subarray(0, size)); return OK; },
        fd_filestat_get: (fd, at) => {
            const file = open[fd];
            if (!file) return EBADF;
            if (file.device) return stat(at, DEVICE, "fd " + fd, 0);
            return isFolder(file.path) ? stat(at, FOLDER, file.path, 0)
                : stat(at, FILE, file.path, content(file).length);
        },
        fd_filestat_set_size: (fd, size) => { resize(open[fd], Number(size)); return OK; },
        fd_filestat_set_times: () => OK,
        fd_sync: () => OK,
        fd_advise: () => OK,
        fd_allocate: () => OK,
        fd_write: (fd, at, count, written) => {
            const file = open[fd];
            if (!file) return EBADF;
            let done = 0;
            for (const [from, size] of vectors(at, count)) {
                const part = bytes(from, size);
                if (file.device) write(fd, part.slice());
                else {
                    if (file.append) file.at = content(file).length;
                    if (file.at + size > content(file).length) resize(file, file.at + size);
                    content(file).set(part, file.at);
                    file.at += size;
                }
                done += size;
            }
            set32(written, done);
            return OK;
        },
        fd_read: (fd, at, count, got) => {
            const file = open[fd];
            if (!file) return EBADF;
            if (file.device) {
                file.line = file.line && file.line.length ? file.line : read();
                const [[to, size]] = vectors(at, 1), part = (file.line || new Uint8Array()).subarray(0, size);
                bytes(to, part.length).set(part);
                if (file.line) file.line = file.line.subarray(part.length);
                set32(got, part.length);
                return OK;
            }
            const done = readAt(file, at, count, file.at);
            file.at += done;
            set32(got, done);
            return OK;
        },
        fd_pread: (fd, at, count, from, got) => {
            if (!open[fd] || open[fd].device) return EBADF;
            set32(got, readAt(open[fd], at, count, Number(from)));
            return OK;
        },
        fd_pwrite: () => ENOSYS,
        fd_seek: (fd, offset, whence, to) => {
            const file = open[fd];
            if (!file) return EBADF;
            if (file.device) return ESPIPE;
            const at = Number(offset) + [0, file.at, content(file).length][whence];
            if (at < 0) return EINVAL;
            set64(to, file.at = at);
            return OK;
        },
        fd_tell: (fd, to) => {
            if (!open[fd] || open[fd].device) return ESPIPE;
            set64(to, open[fd].at);
            return OK;
        },
        fd_readdir: (fd, at, size, cookie, used) => {
            let done = 0;
            const within = inside(open[fd].path);
            for (let i = Number(cookie); i < within.length && done < size; i++) {
                const name = text.encode(within[i].slice(within[i].lastIndexOf("/") + 1));
                const entry = new Uint8Array(24 + name.length), to = new DataView(entry.buffer);
                to.setBigUint64(0, BigInt(i + 1), true);
                to.setBigUint64(8, BigInt(inode(within[i])), true);
                to.setUint32(16, name.length, true);
                to.setUint8(20, isFolder(within[i]) ? FOLDER : FILE);
                entry.set(name, 24);
                const part = entry.subarray(0, size - done);
                bytes(at + done, part.length).set(part);
                done += part.length;
            }
            set32(used, done);
            return OK;
        },
        fd_renumber: () => ENOSYS,

        path_open: (fd, follow, at, size, how, rights, inherited, flags, to) => {
            const name = path(at, size);
            if (name === "dev/null") {
                files.set(name, new Uint8Array());
            } else if (isFolder(name)) {
                if (how & (O_CREAT | O_TRUNC)) return EISDIR;
            } else if (isFile(name)) {
                if (how & O_DIRECTORY) return ENOTDIR;
                if (how & O_CREAT && how & O_EXCL) return EEXIST;
                if (how & O_TRUNC) files.set(name, new Uint8Array());
            } else {
                if (!(how & O_CREAT) || !isFolder(folderOf(name))) return ENOENT;
                files.set(name, new Uint8Array());
            }
            let free = 4;
            while (open[free]) free++;
            open[free] = {path: name, at: 0, append: flags & APPEND};
            set32(to, free);
            return OK;
        },
        path_filestat_get: (fd, follow, at, size, to) => {
            const name = path(at, size);
            if (isFolder(name)) return stat(to, FOLDER, name, 0);
            return isFile(name) ? stat(to, FILE, name, files.get(name).length) : ENOENT;
        },
        path_filestat_set_times: () => OK,
        path_create_directory: (fd, at, size) => {
            const name = path(at, size);
            if (files.has(name) || name === "") return EEXIST;
            if (!isFolder(folderOf(name))) return ENOENT;
            files.set(name, null);
            return OK;
        },
        path_remove_directory: (fd, at, size) => {
            const name = path(at, size);
            if (!isFolder(name)) return ENOENT;
            if (inside(name).length) return ENOTEMPTY;
            files.delete(name);
            return OK;
        },
        path_unlink_file: (fd, at, size) => {
            const name = path(at, size);
            if (!isFile(name)) return ENOENT;
            files.delete(name);
            return OK;
        },
        path_rename: (fd, at, size, toFd, toAt, toSize) => {
            const from = path(at, size), to = path(toAt, toSize);
            if (!isFile(from) || !isFolder(folderOf(to))) return ENOENT;
            if (isFolder(to)) return EISDIR;
            files.set(to, files.get(from));
            files.delete(from);
            for (const file of open) if (file && file.path === from) file.path = to;
            return OK;
        },
        path_link: () => ENOSYS,
        path_symlink: () => ENOSYS,
        path_readlink: (fd, at, size) => isFile(path(at, size)) ? EINVAL : ENOENT,
    };

    // The same functions for another copy of the program, whose memory is its own.
    const wasiOf = other => Object.fromEntries(Object.entries(wasi).map(([name, call]) => [name, (...words) => {
        const mine = memory;
        memory = other.memory;
        try { return call(...words); } finally { memory = mine; }
    }]));

    try {
        let instance;
        const team = liveTeam(module, () => instance, wasiOf);
        instance = new WebAssembly.Instance(module, {wasi_snapshot_preview1: wasi, team: team.imports});
        memory = instance.exports.memory;
        const start = instance.exports._start;
        await (instance.exports.team_member ? team.runs(start) : start)();
        return {status: 0};
    } catch (end) {
        if (end instanceof Exit) return {status: end.status};
        if (end instanceof WebAssembly.RuntimeError || end instanceof RangeError)
            return {status: 134, why: `the program crashed: ${end.message}`};
        throw end;
    }
}

// Ids that other programs give a text:   node reference_ids.js FOLDER ENCODING FILE...
//
// FOLDER     what fetch_vocabularies.sh made
// ENCODING   gpt2, r50k_base, p50k_base, cl100k_base, o200k_base (the npm package tiktoken: OpenAI's own
//            code, compiled to WebAssembly; special tokens are plain text), or gpt-3-encoder
// FILE...    UTF-8 without errors: these programs take strings, not bytes
//
// Prints each file's ids on a line. REFERENCE_TIME=1 also prints bytes, ids, seconds and MB/s on stderr.
"use strict";
const fs = require("fs"), path = require("path");

const [folder, name, ...files] = process.argv.slice(2);
if (files.length === 0) {
  console.error("usage: node reference_ids.js FOLDER ENCODING FILE...");
  process.exit(2);
}
const load = (module) => require(path.resolve(folder, "npm/node_modules", module));

const encodings = ["gpt2", "r50k", "p50k", "cl100k", "o200k"];
function encoder() {
  if (name === "gpt-3-encoder") return load("gpt-3-encoder").encode;
  const short = name.replace(/_base$/, "");
  if (!encodings.includes(short)) throw new Error(`no encoding '${name}'`);
  const encoding = load("tiktoken").get_encoding(short === "gpt2" ? short : `${short}_base`);
  return (text) => encoding.encode_ordinary(text);
}

const encode = encoder();
for (const file of files) {
  // A byte-order mark is part of the text; a malformed byte is an error.
  const bytes = fs.readFileSync(file);
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const begin = process.hrtime.bigint();
  const ids = encode(text);
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  if (process.env.REFERENCE_TIME)
    console.error(`${bytes.length} bytes, ${ids.length} ids, ${seconds.toFixed(3)} s, ` +
                  `${(bytes.length / 1e6 / seconds).toFixed(2)} MB/s`);
  // In portions: joining ten million numbers at once is slow.
  const out = [];
  for (let i = 0; i < ids.length; i += 65536) out.push(ids.slice(i, i + 65536).join(" "));
  process.stdout.write(out.join(" ") + "\n");
}

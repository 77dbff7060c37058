// Prints the lines of the program, which was compiled to WebAssembly, or its levels: node wasm.js PROGRAM [levels]
const { readFileSync, writeSync } = require("fs");

const module_ = new WebAssembly.Module(readFileSync(process.argv[2]));
const { text_start, text_length, memory } = new WebAssembly.Instance(module_, {}).exports;
const of_levels = process.argv[3] === "levels" ? 1 : 0;
const start = text_start(of_levels);
const text = new Uint8Array(memory.buffer, start, text_length(of_levels));
for (let written = 0; written < text.length;) written += writeSync(1, text, written);

// Prints the lines of the program, which was compiled to WebAssembly: node wasm.js PROGRAM
const { readFileSync, writeSync } = require("fs");

const module_ = new WebAssembly.Module(readFileSync(process.argv[2]));
const { lines, length, memory } = new WebAssembly.Instance(module_, {}).exports;
const start = lines();
const text = new Uint8Array(memory.buffer, start, length());
for (let written = 0; written < text.length;) written += writeSync(1, text, written);

// Compiles a program in MoonBit that uses no library to `module.wasm`, by the compiler that is a worker of browsers:
// `node moonc.mjs WORKER SOURCE`. The program takes the place of the library's first package, as what that declares it
// declares itself.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [worker, file] = process.argv.slice(2);

// The worker's side of its messages: calls by name, with values as they are.
const answers = new Map();
let listener;
Object.assign(globalThis, {
  self: globalThis,
  addEventListener: (name, heard) => (listener = name === "message" ? heard : listener),
  removeEventListener: () => {},
  postMessage: ({ id, type, value }) => answers.get(id)(type, value),
});
createRequire(import.meta.url)(resolve(worker));

function call(name, argument) {
  return new Promise((done, failed) => {
    answers.set(name, (type, value) => (type === "RAW" ? done(value) : failed(value)));
    listener({ data: { id: name, type: "APPLY", path: [name], argumentList: [{ type: "RAW", value: argument }] } });
  });
}

const main = "moonbitlang/core/builtin";
const shared = { target: "wasm-gc", pkgSources: [`${main}:/`], noOpt: false };
const { core, diagnostics } = await call("buildPackage", {
  ...shared,
  mbtFiles: [[file, readFileSync(file, "utf8")]],
  miFiles: [],
  indirectImportMiFiles: [],
  stdMiFiles: [],
  pkg: main,
  isMain: true,
  errorFormat: "human",
  enableValueTracing: false,
});
if (!core) throw new Error(diagnostics.join("\n"));
const { result } = await call("linkCore", {
  ...shared,
  coreFiles: [core],
  main,
  exportedFunctions: [],
  outputFormat: "wasm",
  testMode: false,
  debug: false,
  sourceMap: false,
  sources: {},
  stopOnMain: false,
});
writeFileSync("module.wasm", result);

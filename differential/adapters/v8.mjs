#!/usr/bin/env node
// V8 as an engine of the protocol (../PROTOCOL.md), by way of node 20 or newer: `node v8.mjs`.
//
// Floats and vectors never become numbers of JavaScript, which would change NaN bits and cannot hold vectors at all: they
// cross through small modules, made here, that turn them into integers. V8 counts no fuel, keeps to no limits, knows no
// places of traps, and shows what is exported.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const I32 = 0x7f, I64 = 0x7e, F32 = 0x7d, F64 = 0x7c, V128 = 0x7b, FUNC = 0x70, EXTERN = 0x6f;
const TYPES = { [I32]: 'i32', [I64]: 'i64', [F32]: 'f32', [F64]: 'f64', [V128]: 'v128' };
const u64 = (value) => BigInt.asUintN(64, value);

class Unsupported extends Error {
  constructor(message, feature = 'gc') {
    super(message);
    this.feature = feature;
  }
}
class HostError extends Error {}

// Reading modules: only what says how things are typed. V8 has validated them by then.

function read(bytes) {
  let at = 8;
  const leb = () => {
    let value = 0, scale = 1, byte;
    do {
      byte = bytes[at++];
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte & 0x80);
    return value;
  };
  const list = (item) => Array.from({ length: leb() }, item);
  const name = () => {
    const length = leb();
    at += length;
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(at - length, at));
  };
  const type = () => {
    const byte = bytes[at++];
    if (!(byte in TYPES) && byte !== FUNC && byte !== EXTERN) throw new Unsupported('typed references', 'function-references');
    return byte;
  };
  const limits = () => {
    const flags = leb();
    if (flags > 3) throw new Unsupported('limits with other flags', 'memory64');
    return { initial: leb(), ...(flags & 1 ? { maximum: leb() } : {}), ...(flags & 2 ? { shared: true } : {}) };
  };
  const table = () => ({ kind: 'table', element: type(), ...limits() });
  const global = () => ({ kind: 'global', type: type(), mutable: bytes[at++] === 1 });
  const spaces = { func: [], table: [], memory: [], global: [] };
  const module = { imports: [], exports: [] };
  let types = [];
  const importKinds = [
    () => ({ kind: 'func', type: types[leb()] }), table, () => ({ kind: 'memory', ...limits() }), global,
  ];
  const sections = {
    1: () => {
      types = list(() => {
        if (bytes[at++] !== 0x60) throw new Unsupported('types other than those of functions');
        return { params: list(type), results: list(type) };
      });
    },
    2: () => {
      module.imports = list(() => {
        const [from, item] = [name(), name()];
        const make = importKinds[bytes[at++]];
        if (!make) throw new Unsupported('imports of another kind', 'exceptions');
        const entry = { from, item, ...make() };
        spaces[entry.kind].push(entry);
        return entry;
      });
    },
    3: () => list(() => spaces.func.push({ kind: 'func', type: types[leb()] })),
    4: () => list(() => spaces.table.push(table())),
    5: () => list(() => spaces.memory.push({ kind: 'memory', ...limits() })),
    7: () => {
      module.exports = list(() => {
        const entry = { name: name(), kind: ['func', 'table', 'memory', 'global'][bytes[at++]] };
        return { ...entry, index: leb() };
      });
    },
  };
  while (at < bytes.length) {
    const id = bytes[at++];
    const end = leb() + at;
    sections[id]?.();
    at = end;
  }
  for (const entry of module.exports) entry.type = spaces[entry.kind]?.[entry.index]?.type;
  return module;
}

// Making modules: bytes of one function or one global.

const uleb = (value) => {
  const out = [];
  do {
    out.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return out;
};
const vec = (items) => [...uleb(items.length), ...items.flat()];
const section = (id, bytes) => [id, ...uleb(bytes.length), ...bytes];
const signature = ({ params, results }) => [0x60, ...vec(params), ...vec(results)];
const text = (string) => vec([...Buffer.from(string)]);
const assemble = (...sections) => new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]));

// How a type crosses: the integers it becomes.
const crossing = (type) => ({ [F32]: [I32], [F64]: [I64], [V128]: [I64, I64] })[type] ?? [type];
const crossed = ({ params, results }) => ({ params: params.flatMap(crossing), results: results.flatMap(crossing) });
const get = (local) => [0x20, ...uleb(local)];

// Code that turns locals, from `first` on, into values of these types.
function outOfIntegers(types, first) {
  return types.flatMap((type) => {
    const low = get(first++);
    if (type === F32) return [...low, 0xbe];
    if (type === F64) return [...low, 0xbf];
    if (type === V128) return [...low, 0xfd, 0x12, ...get(first++), 0xfd, 0x1e, 1];
    return low;
  });
}

// Code that turns locals of these types into integers.
function intoIntegers(types, first) {
  return types.flatMap((type, number) => {
    const value = get(first + number);
    if (type === F32) return [...value, 0xbc];
    if (type === F64) return [...value, 0xbd];
    if (type === V128) return [...value, 0xfd, 0x1d, 0, ...value, 0xfd, 0x1d, 1];
    return value;
  });
}

// A function of type `outer` that calls one of type `inner`; one of both has integers where the other has floats.
const bridges = new Map();
function bridge(type, inward, callee) {
  const key = JSON.stringify([type, inward]);
  if (!bridges.has(key)) {
    const [outer, inner] = inward ? [crossed(type), type] : [type, crossed(type)];
    const [pass, back] = inward ? [outOfIntegers, intoIntegers] : [intoIntegers, outOfIntegers];
    const locals = outer.params.length;
    const results = inner.results.map((_, number) => [0x21, ...uleb(locals + number)]).reverse().flat();
    const body = [
      ...vec(inner.results.map((type) => [1, type])),
      ...pass(type.params, 0), 0x10, 0, ...results, ...back(type.results, locals), 0x0b,
    ];
    bridges.set(key, assemble(
      section(1, vec([signature(outer), signature(inner)])),
      section(2, vec([[...text('m'), ...text('f'), 0, 1]])),
      section(3, vec([[0]])),
      section(7, vec([[...text('f'), 0, 1]])),
      section(10, vec([vec(body)])),
    ));
  }
  return new WebAssembly.Instance(bridges.get(key), { m: { f: callee } }).exports.f;
}

// The word of the bits in a global, through a module that imports it. Its type is found by trying: an initial value has
// no length, so that one would have to read code to find the types of all globals in a module.
function globalWord(global, nulls) {
  for (const mutable of [0, 1]) {
    for (const type of [I32, I64, F32, F64, V128, FUNC, EXTERN]) {
      try {
        const results = crossing(type);
        const value = { [F32]: [0xbc], [F64]: [0xbd] }[type] ?? [];
        const body = type === V128 ? [0x23, 0, 0xfd, 0x1d, 0, 0x23, 0, 0xfd, 0x1d, 1] : [0x23, 0, ...value];
        const module = assemble(
          section(1, vec([signature({ params: [], results })])),
          section(2, vec([[...text('m'), ...text('g'), 3, type, mutable]])),
          section(3, vec([[0]])),
          section(7, vec([[...text('f'), 0, 0]])),
          section(10, vec([vec([0, ...body, 0x0b])])),
        );
        const { f } = new WebAssembly.Instance(module, { m: { g: global } }).exports;
        return wordsOf([type], [f()].flat(), nulls)[0];
      } catch (error) {
        if (!(error instanceof WebAssembly.LinkError)) throw error;
      }
    }
  }
  throw new Unsupported('globals of other types');
}

// Words.

const numbers = new Map();
const external = (number) => {
  if (!numbers.has(number)) numbers.set(number, { number });
  return numbers.get(number);
};

// Integers, as they crossed, in words of their types. In scripts nulls have types, too.
function wordsOf(types, values, nulls = false) {
  let at = 0;
  const word = (name, bits) => `${name} 0x${bits.toString(16)}`;
  return types.map((type) => {
    const value = values[at++];
    if (type === I32 || type === F32) return word(TYPES[type], value >>> 0);
    if (type === I64 || type === F64) return word(TYPES[type], u64(value));
    if (type === V128) return word('v128', u64(value) | (u64(values[at++]) << 64n));
    if (value === null) return nulls ? `${type === FUNC ? 'func' : 'extern'} null` : 'null';
    if (type === FUNC) return 'func';
    return value?.number === undefined ? 'extern' : `extern ${value.number}`;
  });
}

function integersOf(word, instances) {
  const [type, ...rest] = word.split(' ');
  const value = rest.join(' ');
  if (value === 'null') return [null];
  if (type === 'extern') return [external(BigInt(value))];
  if (type === 'host' || type === 'any') throw new Unsupported('references of other types');
  if (type === 'func') {
    const [instance, ...name] = rest;
    const made = instances[Number(instance)];
    const found = made?.module.exports.find((entry) => entry.name === name.join(' ') && entry.kind === 'func');
    return [found ? made.exports[found.name] : null];
  }
  const bits = BigInt(value);
  if (type === 'i32' || type === 'f32') return [Number(bits) | 0];
  return type === 'v128' ? [u64(bits), bits >> 64n] : [bits];
}

// The host, as the protocol describes it.

const STEP = 0x9e3779b97f4a7c15n;
const mix = (x) => {
  x = u64((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n);
  x = u64((x ^ (x >> 27n)) * 0x94d049bb133111ebn);
  return x ^ (x >> 31n);
};
const source = readFileSync(new URL('../src/generate/edges.rs', import.meta.url), 'utf8');
const EDGES = Object.fromEntries([...source.matchAll(/pub const (\w+): \[u64; \d+\] = \[([^\]]*)\]/g)].map(
  ([, name, items]) => [name, items.split(',').map((item) => item.trim()).filter(Boolean).map((item) => BigInt(item.replaceAll('_', '')))],
));

function vector(draw) {
  let state = u64(mix(STEP ^ draw) + STEP);
  const next = () => mix((state = u64(state + STEP)));
  const below = (bound) => Number((next() * BigInt(bound)) >> 64n);
  const lanes = [[8n, 'I32'], [16n, 'I32'], [32n, 'I32'], [64n, 'I64'], [32n, 'F32'], [64n, 'F64']][below(7)];
  if (!lanes) return (next() << 64n) | next();
  const [width, edges] = [lanes[0], EDGES[lanes[1]]];
  const pick = () => edges[below(edges.length)];
  const same = below(3) === 0 ? pick() : undefined;
  let bits = 0n;
  for (let lane = 0n; lane < 128n / width; lane++) bits |= BigInt.asUintN(Number(width), same ?? pick()) << (lane * width);
  return bits;
}

// The integers of a value that the host makes.
function drawn(type, draw) {
  if (type === V128) {
    const bits = vector(draw);
    return [u64(bits), bits >> 64n];
  }
  if (type === EXTERN) return [draw % 4n === 0n ? null : external(draw % 1000n)];
  if (type === FUNC) return [null];
  const edges = EDGES[TYPES[type].toUpperCase()];
  const bits = draw % 3n === 0n ? mix(draw) : edges[Number((draw / 3n) % BigInt(edges.length))];
  return [type === I32 || type === F32 ? Number(BigInt.asIntN(32, bits)) : bits];
}

// A global with exactly these bits: what a constant expression makes.
function globalOf({ type, mutable }, integers) {
  if (type === EXTERN) return new WebAssembly.Global({ value: 'externref', mutable }, integers[0]);
  const little = (value, bytes) => Array.from({ length: bytes }, (_, at) => Number((u64(BigInt(value)) >> BigInt(8 * at)) & 0xffn));
  const signed = (value) => {
    const out = [];
    for (;;) {
      const byte = Number(value & 0x7fn);
      value >>= 7n;
      if ((value === 0n && !(byte & 0x40)) || (value === -1n && byte & 0x40)) return [...out, byte];
      out.push(byte | 0x80);
    }
  };
  const code = {
    [I32]: () => [0x41, ...signed(BigInt(integers[0]))],
    [I64]: () => [0x42, ...signed(BigInt.asIntN(64, integers[0]))],
    [F32]: () => [0x43, ...little(integers[0], 4)],
    [F64]: () => [0x44, ...little(integers[0], 8)],
    [V128]: () => [0xfd, 0x0c, ...little(integers[0], 8), ...little(integers[1], 8)],
    [FUNC]: () => [0xd0, 0x70],
  }[type]();
  const module = assemble(section(6, vec([[type, mutable ? 1 : 0, ...code, 0x0b]])), section(7, vec([[...text('g'), 3, 0]])));
  return new WebAssembly.Instance(module).exports.g;
}

// A store: what has been made since `begin`.

class Store {
  constructor({ host_seed, host_errors }) {
    Object.assign(this, { seed: BigInt(host_seed), errors: host_errors, count: 0n });
    Object.assign(this, { modules: [], instances: [], provided: [], calls: { count: 0, first: [] } });
  }

  provide(entry, index) {
    const at = BigInt(index);
    if (entry.kind === 'func') return this.hostFunction(entry.type, index);
    if (entry.kind === 'global') return globalOf(entry, drawn(entry.type, mix(this.seed ^ mix(at + 1n))));
    if (entry.kind === 'memory') return new WebAssembly.Memory(entry);
    return new WebAssembly.Table({ ...entry, element: entry.element === FUNC ? 'anyfunc' : 'externref' }, null);
  }

  hostFunction(type, index) {
    return bridge(type, false, (...values) => {
      this.calls.count++;
      if (this.calls.first.length < 1000) this.calls.first.push({ import: index, args: wordsOf(type.params, values) });
      const draw = mix(this.seed ^ mix(++this.count) ^ BigInt(index));
      if (this.errors && draw % 24n === 0n) throw new HostError();
      const results = type.results.flatMap((type, at) => drawn(type, mix(draw ^ BigInt(at))));
      return results.length > 1 ? results : results[0];
    });
  }

  load(wasm) {
    const entry = { outcome: { returned: [] } };
    this.modules.push(entry);
    try {
      const bytes = Buffer.from(wasm, 'hex');
      entry.wasm = new WebAssembly.Module(bytes);
      Object.assign(entry, read(bytes));
    } catch (error) {
      entry.outcome = refusal(error);
    }
    return entry.outcome;
  }

  instantiate(module, bindings = []) {
    const number = this.instances.push(null) - 1;
    if (!('returned' in module.outcome)) return module.outcome;
    if (bindings.some(({ instance }) => !this.instances[instance])) return 'skipped';
    return attempt(() => {
      const items = module.imports.map((entry, index) => {
        const binding = bindings.find((binding) => binding.import === index);
        if (binding) return this.instances[binding.instance].exports[binding.export];
        const item = this.provide(entry, index);
        this.provided.push(item);
        return item;
      });
      const imports = {};
      module.imports.forEach(({ from, item }, index) => {
        if (Object.hasOwn(imports[from] ?? {}, item)) throw new Unsupported('two imports of one name');
        (imports[from] ??= Object.create(null))[item] = items[index];
      });
      const { exports } = new WebAssembly.Instance(module.wasm, imports);
      this.instances[number] = { module, exports };
      return [];
    });
  }

  invoke({ instance, name, args = [] }) {
    const made = this.instances[instance];
    if (!made) return 'skipped';
    const entry = made.module.exports.find((entry) => entry.name === name && entry.kind === 'func');
    if (!entry) return { refused: 'there is no such function' };
    const { type } = entry;
    const call = bridge(type, true, made.exports[name]);
    const values = args.flatMap((word) => integersOf(word, this.instances));
    return attempt(() => wordsOf(type.results, [call(...values)].flat()));
  }

  // What the host does with an export: `act` returns the results.
  act({ instance, name }, kinds, act) {
    const made = this.instances[instance];
    if (!made) return 'skipped';
    const item = made.exports[name];
    if (!kinds.some((kind) => item instanceof kind)) return { refused: 'there is no such export' };
    return attempt(() => [act(item)]);
  }

  drop({ instance }) {
    if (!this.instances[instance]) return 'skipped';
    this.instances[instance] = null;
    return { returned: [] };
  }

  state(scope) {
    const state = { globals: [], memories: [], tables: [] };
    if (scope === 'nothing') return state;
    const items = [...this.provided];
    for (const made of this.instances) {
      items.push(...(made?.module.exports ?? []).map(({ name }) => made.exports[name]));
    }
    for (const item of items) {
      if (item instanceof WebAssembly.Global) state.globals.push(globalWord(item));
      if (item instanceof WebAssembly.Memory) state.memories.push(digest(new Uint8Array(item.buffer)));
      if (item instanceof WebAssembly.Table) state.tables.push(runs(item));
    }
    return state;
  }
}

// Whether something could be done that fails with an error of this kind where it cannot.
function done(failure, act) {
  try {
    act();
    return 'i32 0x1';
  } catch (error) {
    if (!(error instanceof failure)) throw error;
    return 'i32 0x0';
  }
}

// Through a module that imports the global as one that can be written.
function setGlobal(global, word, instances) {
  const type = Number(Object.keys(TYPES).find((type) => TYPES[type] === word.split(' ')[0]) ?? (word.startsWith('func') ? FUNC : EXTERN));
  const module = assemble(
    section(1, vec([signature({ params: crossing(type), results: [] })])),
    section(2, vec([[...text('m'), ...text('g'), 3, type, 1]])),
    section(3, vec([[0]])),
    section(7, vec([[...text('f'), 0, 0]])),
    section(10, vec([vec([0, ...outOfIntegers([type], 0), 0x24, 0, 0x0b])])),
  );
  return done(WebAssembly.LinkError, () => {
    new WebAssembly.Instance(module, { m: { g: global } }).exports.f(...integersOf(word, instances));
  });
}

const write = (bytes, at) => (memory) => done(RangeError, () => {
  const all = new Uint8Array(memory.buffer);
  if (at + bytes.length > all.length) throw new RangeError('out of bounds');
  all.set(bytes, at);
});

const grow = (by) => (item) => {
  try {
    return `i64 0x${(item instanceof WebAssembly.Table ? item.grow(by, null) : item.grow(by)).toString(16)}`;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `i64 0x${u64(-1n).toString(16)}`;
  }
};

const CHUNK = 2048;
const ZEROS = Buffer.alloc(CHUNK);

function digest(bytes) {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const chunk = Buffer.from(bytes.subarray(at, at + CHUNK));
    if (chunk.equals(ZEROS.subarray(0, chunk.length))) continue;
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(BigInt(at / CHUNK));
    hash.update(number).update(chunk);
  }
  return { size: bytes.length, sha256: hash.digest('hex') };
}

function runs(table) {
  const runs = [];
  for (let at = 0; at < table.length; at++) {
    const value = table.get(at);
    const [word] = wordsOf([typeof value === 'function' ? FUNC : EXTERN], [value]);
    if (runs.at(-1)?.[1] === word) runs.at(-1)[0]++;
    else runs.push([1, word]);
  }
  return runs;
}

// What V8 says, in the words of the protocol. The first pattern that fits counts.
const TRAPS = [
  [/unreachable/, 'unreachable'],
  [/unaligned/, 'unaligned atomic'],
  [/Atomics\.wait/, 'expected shared memory'],
  [/memory access out of bounds|data segment/, 'out of bounds memory access'],
  [/\btable\b|element segment/, 'out of bounds table access'],
  [/signature mismatch/, 'indirect call type mismatch'],
  [/null/, 'null reference'],
  [/by zero/, 'integer divide by zero'],
  [/unrepresentable/, 'integer overflow'],
  [/call stack/, 'call stack exhausted'],
];
// An atomic access with several things wrong has any of their traps: V8 looks at the bounds first.
const ALIKE = [
  ['out of bounds memory access', 'unaligned atomic', 'expected shared memory'],
  ['out of bounds table access', 'undefined element'],
  ['indirect call type mismatch', 'uninitialized element'],
  ['null reference', 'null function reference'],
  ['integer overflow', 'invalid conversion to integer'],
];
// How V8 refuses a proposal that it does not have, or has switched off.
const LACKING = /experimental|enable with|invalid (value |heap |element )?type|type form|opcode|flags|multiple memories|multi-memory|exceeds internal limit|at most one/i;

function refusal(error) {
  if (error instanceof Unsupported) return { unsupported: error.message };
  return LACKING.test(error.message) ? { unsupported: error.message } : { rejected: error.message };
}

function attempt(step) {
  try {
    return { returned: step() };
  } catch (error) {
    if (error instanceof HostError) return 'host_error';
    if (error instanceof Unsupported || error instanceof WebAssembly.CompileError) return refusal(error);
    const trap = TRAPS.find(([pattern]) => pattern.test(error.message));
    if (trap && (error instanceof WebAssembly.RuntimeError || error instanceof RangeError || /Atomics/.test(error.message))) {
      return { trapped: { trap: trap[1] } };
    }
    if (error instanceof RangeError) return { limited: error.message };
    return { refused: `${error.name}: ${error.message}` };
  }
}

// Scripts.

// Modules that are valid where a feature is there. What has no entry is always there, what is false never.
const empty = { params: [], results: [] };
const code = (type, body) => [section(1, vec([signature(type)])), section(3, vec([[0]])), section(10, vec([vec([0, ...body, 0x0b])]))];
const PROBES = {
  'extended-const': () => [section(6, vec([[I32, 0, 0x41, 1, 0x41, 1, 0x6a, 0x0b]]))],
  'tail-call': () => code(empty, [0x12, 0]),
  'multi-memory': () => [section(5, vec([[0, 0], [0, 0]]))],
  memory64: () => [section(5, vec([[4, 0]]))],
  'relaxed-simd': () => code({ params: [V128], results: [V128] }, [...get(0), ...get(0), 0xfd, 0x80, 2]),
  'function-references': () => [section(1, vec([[0x60, 1, 0x64, FUNC, 0]]))],
  gc: () => [section(1, vec([[0x5f, 0]]))],
  exceptions: () => code(empty, [0x1f, 0x40, 0, 0x0b]),
  threads: () => [section(5, vec([[3, 1, 1]]))],
  'custom-page-sizes': () => [section(5, vec([[8, 0, 0]]))],
  'wide-arithmetic': () => code({ params: [I64], results: [I64, I64] }, [...get(0), ...get(0), ...get(0), ...get(0), 0xfc, 0x13]),
  'legacy-exceptions': () => code(empty, [0x06, 0x40, 0x0b]),
  'custom-descriptors': () => [[0xff]],
};
const lacks = (feature) => {
  const probe = PROBES[feature];
  return probe !== undefined && !WebAssembly.validate(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...probe().flat()]));
};

const failed = (stage, text) => ({ outcome: { failed: { stage, text } } });
const returned = (...words) => ({ outcome: { returned: words } });

// What went wrong in a script, at its stage.
function failure(error) {
  if (error instanceof Unsupported) return failed('unsupported', error.feature);
  if (error instanceof WebAssembly.CompileError) return failed('rejected', error.message);
  if (error instanceof WebAssembly.LinkError) return failed('unlinkable', `incompatible import type: ${error.message}`);
  if (error instanceof WebAssembly.Exception) return failed('exception', 'uncaught exception');
  const trap = TRAPS.find(([pattern]) => pattern.test(error.message))?.[1];
  if (error instanceof RangeError && trap === 'call stack exhausted') return failed('exhaustion', trap);
  if (error instanceof WebAssembly.RuntimeError || /Atomics/.test(error.message)) return failed('trap', trap ?? error.message);
  return failed('error', `${error.name}: ${error.message}`);
}

class Script {
  constructor() {
    Object.assign(this, { modules: [], instances: [], registered: new Map() });
  }

  check({ wasm, custom }) {
    if (custom) return failed('unsupported', 'custom-annotations');
    new WebAssembly.Module(Buffer.from(wasm, 'hex'));
    return returned();
  }

  define({ wasm }) {
    const bytes = Buffer.from(wasm, 'hex');
    const module = { wasm: new WebAssembly.Module(bytes), ...read(bytes) };
    this.modules.push(module);
    return { ...returned(), imports: module.imports.map(({ from }) => from) };
  }

  create({ module: number }) {
    const module = known(this.modules, number, 'module');
    const imports = Object.create(null);
    for (const { from, item } of module.imports) {
      const found = this.registered.get(from)?.get(item);
      if (found === undefined) return failed('unlinkable', `unknown import: ${from}.${item}`);
      (imports[from] ??= Object.create(null))[item] = found;
    }
    const { exports } = new WebAssembly.Instance(module.wasm, imports);
    this.instances.push({ module, exports });
    return returned();
  }

  register({ name, instance, add }) {
    const { module, exports } = known(this.instances, instance, 'instance');
    const items = module.exports.map(({ name }) => [name, exports[name]]);
    this.registered.set(name, new Map([...(add ? this.registered.get(name) ?? [] : []), ...items]));
    return returned();
  }

  unregister({ name }) {
    this.registered.delete(name);
    return returned();
  }

  call({ instance, name, args = [] }) {
    const { module, exports } = known(this.instances, instance, 'instance');
    const entry = module.exports.find((entry) => entry.name === name && entry.kind === 'func');
    if (!entry) return failed('error', `there is no exported function ${name}`);
    const call = bridge(entry.type, true, exports[name]);
    const values = args.flatMap((word) => integersOf(word, []));
    return returned(...wordsOf(entry.type.results, [call(...values)].flat(), true));
  }

  read({ instance, name }) {
    const item = known(this.instances, instance, 'instance').exports[name];
    if (!(item instanceof WebAssembly.Global)) return failed('error', `there is no exported global ${name}`);
    return returned(globalWord(item, true));
  }
}

let script = null;
const scripted = (op) => (ask) => {
  if (!script) throw new Fault('not-begun', '`script` comes first');
  try {
    return script[op](ask);
  } catch (error) {
    if (error instanceof Fault) throw error;
    return failure(error);
  }
};

// Answers.

class Fault extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

let store = null;
const begun = () => {
  if (!store) throw new Fault('not-begun', '`begin` comes first');
  return store;
};
const known = (list, index, what) => {
  if (!Number.isInteger(index) || index < 0) throw new Fault('malformed', `no number of a ${what}`);
  if (index >= list.length) throw new Fault('not-found', `there is no ${what} ${index}`);
  return list[index];
};
const step = (outcome) => {
  const { calls } = store;
  store.calls = { count: 0, first: [] };
  return { outcome, calls };
};
const acted = (ask, kinds, act) => {
  known(begun().instances, ask.instance, 'instance');
  return step(store.act(ask, kinds, act));
};
const OPS = {
  hello: ({ protocol }) => {
    if (protocol !== 1) throw new Fault('version', 'version 1 is spoken here');
    const features = ['simd', 'bulk-memory', 'reference-types', 'multi-value', 'threads', 'tail-call'];
    const capabilities = { features, fuel: false, limits: false, state: 'exported', functions: false, elements: false, places: false, steps: true, scripts: true, alike: ALIKE };
    return { protocol: 1, engine: 'v8', version: process.versions.v8, capabilities };
  },
  begin: (ask) => {
    if (ask.fuel !== undefined) throw new Fault('unsupported', 'fuel is not counted here');
    [store, script] = [new Store(ask), null];
    return {};
  },
  module: ({ wasm }) => ({ outcome: begun().load(wasm) }),
  instantiate: ({ module }) => step(begun().instantiate(known(store.modules, module, 'module'))),
  invoke: (ask) => {
    known(begun().instances, ask.instance, 'instance');
    return step(store.invoke(ask));
  },
  link: (ask) => {
    ask.with.forEach(({ instance }) => known(begun().instances, instance, 'instance'));
    return step(begun().instantiate(known(store.modules, ask.module, 'module'), ask.with));
  },
  write: (ask) => acted(ask, [WebAssembly.Memory], write(Buffer.from(ask.bytes, 'hex'), ask.at)),
  set: (ask) => acted(ask, [WebAssembly.Global], (global) => setGlobal(global, ask.value, store.instances)),
  put: (ask) => acted(ask, [WebAssembly.Table], (table) => done(RangeError, () => {
    table.set(ask.at, integersOf(ask.value, store.instances)[0]);
  })),
  grow: (ask) => acted(ask, [WebAssembly.Memory, WebAssembly.Table], grow(ask.by)),
  drop: (ask) => {
    known(begun().instances, ask.instance, 'instance');
    return step(store.drop(ask));
  },
  get: ({ instance, name }) => {
    const item = known(begun().instances, instance, 'instance')?.exports[name];
    if (!(item instanceof WebAssembly.Global)) throw new Fault('not-found', 'there is no such global');
    return { value: globalWord(item) };
  },
  script: ({ features }) => {
    [store, script] = [null, new Script()];
    return { lacking: features.filter(lacks) };
  },
  ...Object.fromEntries(['check', 'define', 'create', 'register', 'unregister', 'call', 'read'].map((op) => [op, scripted(op)])),
  state: ({ scope }) => {
    if (scope === 'all') throw new Fault('unsupported', 'only what is exported can be seen here');
    return begun().state(scope);
  },
};

function answer(line) {
  let id = null;
  try {
    const ask = JSON.parse(line);
    if (!Number.isSafeInteger(ask?.id)) throw new Fault('malformed', 'a question has a number');
    id = ask.id;
    if (!Object.hasOwn(OPS, ask.op)) throw new Fault('unknown-op', `there is no op \`${ask.op}\``);
    return { id, ok: OPS[ask.op](ask) };
  } catch (error) {
    const code = error.code && error instanceof Fault ? error.code : error instanceof SyntaxError ? 'malformed' : 'internal';
    return { id, error: { code, message: String(error.message) } };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(`${JSON.stringify(answer(line))}\n`);
}

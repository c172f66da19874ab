"use strict";
// The page's script: decodes the results, shows those that are asked for, and keeps the address in step with what is shown.
// Texts of tests only ever become text nodes; no string becomes markup, and nothing is loaded from anywhere.

const STATUSES = {
  p: { name: "pass", short: "✓", class: "pass", rank: 0 },
  x: { name: "xfail", short: "xfail", class: "xfail", rank: 1 },
  s: { name: "skip", short: "skip", class: "skip", rank: 2 },
  y: { name: "xpass", short: "xpass", class: "xpass", rank: 3 },
  w: { name: "wrong-reason", short: "reason", class: "wrong", rank: 4 },
  f: { name: "fail", short: "fail", class: "fail", rank: 5 },
  t: { name: "timeout", short: "time", class: "timeout", rank: 6 },
  c: { name: "crash", short: "crash", class: "crash", rank: 7 },
};
const LETTERS = Object.keys(STATUSES);
const UNEXPECTED = 3;
const ROW = 30;
const TALLEST = 8e6;
const NONE = 255;
const WORST = -1;

const byId = (id) => document.getElementById(id);

/** An element with properties and children; strings become text. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

const HAZARDS = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\\]/gu;
const escaped = (char) => ({ "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" })[char] ?? `\\u{${char.codePointAt(0).toString(16)}}`;
/** A foreign text with everything visible that would hide, reorder or move. */
const visible = (text) => text.replace(HAZARDS, escaped);
const visibleLines = (text) => text.split("\n").map(visible).join("\n");

/** A word for a shell. */
function quoted(word) {
  if (/^[A-Za-z0-9_\-.\/:=,+@%]+$/.test(word)) return word;
  HAZARDS.lastIndex = 0;
  if (!HAZARDS.test(word.replaceAll("\\", ""))) return `'${word.replaceAll("'", "'\\''")}'`;
  const inside = (char) => (char === "'" || char === "\\" ? `\\${char}` : `\\U${char.codePointAt(0).toString(16).padStart(8, "0")}`);
  return `$'${word.replace(/'/g, "\\'").replace(HAZARDS, inside)}'`;
}

const milliseconds = (us) => (us >= 1e6 ? `${(us / 1e6).toFixed(2)} s` : us >= 1000 ? `${(us / 1000).toFixed(1)} ms` : `${us} µs`);
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

/** The results as columns of numbers. */
function decode(data) {
  const count = data.lines.length;
  const tests = {
    count,
    file: new Uint32Array(count),
    line: new Uint32Array(count),
    column: new Uint32Array(count).fill(1),
    index: new Uint32Array(count),
    kind: new Uint8Array(count),
  };
  const firstOf = [];
  const indexes = new Map();
  for (let at = 0; at < data.indexes.length; at += 2) indexes.set(data.indexes[at], data.indexes[at + 1]);
  for (let at = 0; at < data.places.length; at += 2) tests.column[data.places[at]] = data.places[at + 1];
  let test = 0;
  data.files.forEach(([, , , length], file) => {
    firstOf.push(test);
    let line = 0, index = 0;
    for (const end = test + length; test < end; test++) {
      line += data.lines[test];
      index = indexes.get(test) ?? index;
      tests.file[test] = file;
      tests.line[test] = line;
      tests.index[test] = index++;
      tests.kind[test] = data.kind.charCodeAt(test) - 97;
    }
  });
  const columns = data.columns.map((column) => decodeColumn(column, count));
  const worst = new Uint8Array(count), slowest = new Float64Array(count);
  for (const { rank, time } of columns) {
    for (let at = 0; at < count; at++) {
      if (rank[at] !== NONE && rank[at] > worst[at]) worst[at] = rank[at];
      if (time[at] > slowest[at]) slowest[at] = time[at];
    }
  }
  return { data, tests, columns, firstOf, worst, slowest };
}

function decodeColumn(column, count) {
  const rank = new Uint8Array(count).fill(NONE), time = new Float64Array(count);
  let next = 0;
  for (let at = 0; at < count; at++) {
    const letter = column.status[at];
    if (letter === ".") continue;
    rank[at] = STATUSES[letter].rank;
    time[at] = column.times[next++];
  }
  const details = new Map();
  for (let at = 0; at < column.details.length; at += 6) details.set(column.details[at], at);
  return { ...column, flat: column.details, rank, time, details };
}

const byRank = [];
for (const letter of LETTERS) byRank[STATUSES[letter].rank] = STATUSES[letter];

/** The tests that a wish chooses, in its order. */
function choose(results, wish) {
  const { tests, columns, data } = results;
  const chosen = wish.column === "" ? columns : [columns[wish.column]];
  const words = wish.q.toLowerCase().split(/\s+/).filter(Boolean).map((word) => matcher(results, word, chosen));
  const wanted = new Uint8Array(256);
  for (const letter of wish.status) wanted[STATUSES[letter].rank] = 1;
  const kind = wish.kind === "" ? -1 : Number(wish.kind);
  const proposal = wish.proposal === "" ? -1 : Number(wish.proposal);
  const found = new Uint32Array(tests.count);
  let length = 0;
  outer: for (let test = 0; test < tests.count; test++) {
    if (kind >= 0 && tests.kind[test] !== kind) continue;
    if (proposal >= 0 && data.files[tests.file[test]][2] !== proposal) continue;
    let fits = false;
    for (const { rank } of chosen) {
      if (rank[test] !== NONE && (wish.status.length === 0 || wanted[rank[test]])) { fits = true; break; }
    }
    if (!fits) continue;
    for (const word of words) if (!word(test)) continue outer;
    found[length++] = test;
  }
  return order(results, found.subarray(0, length), wish, chosen);
}

/** Whether a word of a search is somewhere in a test: its path, its directive, its texts, or with `:` its line. */
function matcher(results, word, chosen) {
  const { tests, data } = results;
  const place = /^(.*?):(\d+)(?::\d+)?$/.exec(word);
  const files = data.files.map(([name]) => visible(name).toLowerCase().includes(place ? place[1] : word));
  if (place) {
    const line = Number(place[2]);
    return (test) => files[tests.file[test]] && tests.line[test] === line;
  }
  const kinds = data.kinds.map((kind) => kind.includes(word));
  const texts = data.texts.map((text) => text !== "" && visible(text).toLowerCase().includes(word));
  const hits = new Uint8Array(tests.count);
  if (texts.includes(true)) {
    for (const { flat } of chosen) {
      for (let at = 0; at < flat.length; at += 6) {
        if (texts[flat[at + 2]] || texts[flat[at + 3]] || texts[flat[at + 4]] || texts[flat[at + 5]]) hits[flat[at]] = 1;
      }
    }
  }
  return (test) => files[tests.file[test]] || kinds[tests.kind[test]] || hits[test] === 1;
}

function order(results, found, wish, chosen) {
  if (wish.sort === "place") return found;
  const only = chosen.length === 1 ? chosen[0] : undefined;
  const key = {
    status: (test) => -(only ? only.rank[test] : results.worst[test]),
    time: (test) => -(only ? only.time[test] : results.slowest[test]),
    kind: (test) => results.tests.kind[test],
  }[wish.sort];
  const keys = new Float64Array(results.tests.count);
  for (const test of found) keys[test] = key(test);
  return found.slice().sort((a, b) => keys[a] - keys[b] || a - b);
}

/** What is wished for, as the address says it. */
const NO_WISH = { q: "", column: "", kind: "", proposal: "", status: "", sort: "place", row: "" };

function readWish(hash, results) {
  const wish = { ...NO_WISH };
  if (!hash.startsWith("#list?")) return wish;
  const words = new URLSearchParams(hash.slice(6));
  const { data, columns } = results;
  const number = (list, name) => { const at = list.indexOf(name); return at < 0 ? "" : String(at); };
  wish.q = words.get("q") ?? "";
  wish.column = number(columns.map((column) => column.label), words.get("engine"));
  wish.kind = number(data.kinds, words.get("directive"));
  wish.proposal = number(data.proposals, words.get("proposal"));
  wish.status = [...new Set((words.get("status") ?? "").split(",").map((name) => LETTERS.find((letter) => STATUSES[letter].name === name)).filter(Boolean))].join("");
  wish.sort = ["status", "time", "kind"].includes(words.get("sort")) ? words.get("sort") : "place";
  wish.row = words.get("row") ?? "";
  return wish;
}

function writeWish(wish, results) {
  const words = new URLSearchParams();
  if (wish.q) words.set("q", wish.q);
  if (wish.column !== "") words.set("engine", results.columns[wish.column].label);
  if (wish.kind !== "") words.set("directive", results.data.kinds[wish.kind]);
  if (wish.proposal !== "") words.set("proposal", results.data.proposals[wish.proposal]);
  if (wish.status) words.set("status", [...wish.status].map((letter) => STATUSES[letter].name).join(","));
  if (wish.sort !== "place") words.set("sort", wish.sort);
  if (wish.row) words.set("row", wish.row);
  const text = words.toString();
  return text ? `#list?${text}` : "#list";
}

/** The name a test has in addresses: suite, file and number. */
const keyOf = (results, test) => `${results.data.files[results.tests.file[test]][0]}/${results.tests.index[test]}`;

function testOf(results, key) {
  const { tests, data, firstOf } = results;
  const cut = key.lastIndexOf("/");
  const name = key.slice(0, cut), index = Number(key.slice(cut + 1));
  for (let file = 0; file < data.files.length; file++) {
    if (data.files[file][0] !== name) continue;
    for (let test = firstOf[file]; test < firstOf[file] + data.files[file][3]; test++) if (tests.index[test] === index) return test;
  }
  return -1;
}

/** The command that repeats one result. */
function command(results, column, test) {
  if (column.command === null) return undefined;
  const name = results.data.files[results.tests.file[test]][0], line = results.tests.line[test];
  const file = column.names_file ? ` ${quoted(name)}` : "";
  return `${column.command}${file} --filter ${quoted(line === 0 ? name : `${name}:${line}`)}`;
}

if (typeof module !== "undefined") module.exports = { decode, choose, readWish, writeWish, keyOf, testOf, command, quoted, visible, NO_WISH, STATUSES };

function start() {
  document.documentElement.classList.add("scripted");
  theme();
  help();
  matrix();
  sortable();
  sections();
  if (byId("data")) list();
}

/** What this browser remembers, where it may. */
const memory = {
  get: (name) => { try { return localStorage.getItem(`assay-${name}`); } catch { return null; } },
  set: (name, value) => { try { localStorage.setItem(`assay-${name}`, value); } catch { /* not allowed here */ } },
};

function theme() {
  const root = document.documentElement, button = byId("theme-button");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const tell = () => button.setAttribute("aria-label", `Theme: ${dark() ? "dark" : "light"}; change`);
  const kept = memory.get("theme");
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  tell();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    memory.set("theme", root.dataset.theme);
    tell();
  });
}

function help() {
  const dialog = byId("help"), on = byId("keys-on");
  on.checked = memory.get("keys") !== "off";
  on.addEventListener("change", () => memory.set("keys", on.checked ? "on" : "off"));
  byId("help-button").addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (!on.checked || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === "?") { event.preventDefault(); dialog.showModal(); }
    if (event.key === "/" && byId("q")) { event.preventDefault(); byId("q").focus(); byId("q").select(); }
  });
}

/** The filter of the table of files. */
function matrix() {
  const filter = byId("matrix-filter");
  if (!filter) return;
  const unclean = byId("matrix-unclean"), told = byId("matrix-count");
  const rows = [...document.querySelectorAll(".matrix.files tr[data-name]")];
  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const name = row.dataset.name.toLowerCase();
      const fits = words.every((word) => name.includes(word)) && !(unclean.checked && "clean" in row.dataset);
      row.hidden = !fits;
      shown += fits;
    }
    for (const group of document.querySelectorAll(".matrix.files tbody[data-group]")) {
      group.hidden = !group.querySelector("tr[data-name]:not([hidden])");
    }
    told.textContent = `${grouped(shown)} of ${grouped(rows.length)} files`;
  };
  filter.addEventListener("input", show);
  unclean.addEventListener("change", show);
  show();
}

/** Tables whose columns can be sorted by. */
function sortable() {
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const name = head.textContent;
      const sort = () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
        const compare = (a, b) => value(a).localeCompare(value(b), "en", { numeric: true }) * (down ? -1 : 1);
        table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
      };
      head.replaceChildren(make("button", { type: "button", class: "sort-button", onclick: sort }, name));
    });
  }
}

/** Marks the section in the navigation that is being read. */
function sections() {
  const links = new Map([...document.querySelectorAll(".bar nav a")].map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting || !links.has(target.id)) continue;
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(target.id).setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  document.querySelectorAll("main > section").forEach((section) => seen.observe(section));
}

/** The list of all directives. */
function list() {
  const results = decode(JSON.parse(byId("data").textContent));
  const { data, tests, columns } = results;
  const grid = byId("grid"), viewport = byId("viewport"), space = byId("space"), detail = byId("detail");
  const controls = { q: byId("q"), column: byId("f-column"), kind: byId("f-kind"), proposal: byId("f-proposal"), sort: byId("f-sort") };
  let wish = readWish(location.hash, results);
  let found = new Uint32Array(0), at = -1, shownColumns = columns.map((_, number) => number);

  fill();
  apply({ scroll: location.hash.startsWith("#list?") });
  byId("filters").addEventListener("input", debounced(take));
  byId("filters").addEventListener("submit", (event) => { event.preventDefault(); take(); grid.focus(); });
  byId("filters").addEventListener("reset", () => setTimeout(take));
  viewport.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  addEventListener("resize", () => requestAnimationFrame(() => { head(); draw(); }));
  addEventListener("hashchange", () => {
    if (!location.hash.startsWith("#list?") || location.hash === writeWish(wish, results)) return;
    wish = readWish(location.hash, results);
    apply({ scroll: true });
  });
  grid.addEventListener("keydown", keys);
  space.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (row) { select(Number(row.dataset.at)); grid.focus({ preventScroll: true }); }
  });
  detail.addEventListener("keydown", (event) => { if (event.key === "Escape") grid.focus(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-file], a[data-key]");
    if (!link) return;
    event.preventDefault();
    wish = { ...NO_WISH };
    if (link.dataset.key !== undefined) {
      const [file, index] = link.dataset.key.split("/").map(Number);
      wish.row = `${data.files[file][0]}/${index}`;
    } else {
      const file = Number(link.dataset.file);
      wish.q = visible(data.files[file][0]);
      wish.column = link.dataset.column;
      wish.status = [...notPassed(Number(link.dataset.column), file)].join("");
    }
    apply({ scroll: true });
    history.pushState(null, "", writeWish(wish, results));
    byId("list").scrollIntoView({ behavior: "instant" });
    grid.focus({ preventScroll: true });
  });

  /** The statuses other than a pass that a column has in a file. */
  function notPassed(column, file) {
    const letters = new Set();
    for (let test = results.firstOf[file]; test < results.firstOf[file] + data.files[file][3]; test++) {
      const rank = columns[column].rank[test];
      if (rank !== NONE && rank !== 0) letters.add(LETTERS.find((letter) => STATUSES[letter].rank === rank));
    }
    return letters;
  }

  function fill() {
    const options = (select, any, names) => select.replaceChildren(make("option", { value: "" }, any), ...names.map((name, number) => make("option", { value: String(number) }, visible(name))));
    options(controls.column, "any", columns.map((column) => column.label));
    const used = new Set(tests.kind);
    options(controls.kind, "any", data.kinds);
    [...controls.kind.options].forEach((option) => { if (option.value !== "" && !used.has(Number(option.value))) option.remove(); });
    options(controls.proposal, "any", data.proposals);
    const counts = new Float64Array(8);
    for (const { rank } of columns) for (let test = 0; test < tests.count; test++) if (rank[test] !== NONE) counts[rank[test]]++;
    const chip = (letter) => make("label", {}, make("input", { type: "checkbox", value: letter }), make("span", { class: `mark ${STATUSES[letter].class}` }, STATUSES[letter].name), grouped(counts[STATUSES[letter].rank]));
    byId("f-status").append(...LETTERS.filter((letter) => counts[STATUSES[letter].rank] > 0).map(chip));
  }

  /** From the controls to the wish. */
  function take() {
    const status = [...byId("f-status").querySelectorAll(":checked")].map((box) => box.value).join("");
    wish = { q: controls.q.value, column: controls.column.value, kind: controls.kind.value, proposal: controls.proposal.value, sort: controls.sort.value, status, row: "" };
    apply({});
    history.replaceState(null, "", writeWish(wish, results));
  }

  /** From the wish to the list and the controls. */
  function apply({ scroll }) {
    for (const [name, control] of Object.entries(controls)) if (control.value !== wish[name]) control.value = wish[name];
    for (const box of byId("f-status").querySelectorAll("input")) box.checked = wish.status.includes(box.value);
    head();
    found = choose(results, wish);
    byId("found").textContent = `${grouped(found.length)} of ${grouped(tests.count)} tests${columns.length > 1 ? ` on ${columns.length} engines` : ""}`;
    grid.setAttribute("aria-rowcount", String(found.length + 1));
    space.style.height = `${Math.min(found.length * ROW, TALLEST)}px`;
    space.replaceChildren();
    viewport.scrollTop = 0;
    at = -1;
    const test = wish.row ? testOf(results, wish.row) : -1;
    const place = test < 0 ? -1 : found.indexOf(test);
    draw();
    if (place >= 0) select(place, { keep: true });
    else if (wish.row) detail.replaceChildren(make("p", { class: "note" }, `There is no test ${visible(wish.row)} here.`));
    if (scroll) byId("list").scrollIntoView({ behavior: "instant" });
  }

  function head() {
    const narrow = innerWidth < 720, most = narrow ? 2 : 8;
    const chosen = wish.column === "" ? [] : [Number(wish.column)];
    shownColumns = [...new Set([...chosen, ...columns.keys()])].slice(0, most);
    // Where there is no room for all, one column tells the worst of them.
    if (narrow && columns.length > most) shownColumns = chosen.length ? chosen : [WORST];
    const width = narrow ? 4 : 5.2;
    grid.style.setProperty("--one", `${width}rem`);
    grid.style.setProperty("--cells", `${shownColumns.length * (width + 0.35)}rem`);
    const cells = make("div", { class: "cells", role: "presentation" }, ...shownColumns.map((number) => make("span", { role: "columnheader", title: label(number) }, label(number))));
    byId("grid-head").replaceChildren(make("span", { role: "columnheader" }, "Place"), make("span", { role: "columnheader" }, "Directive"), cells, make("span", { role: "columnheader", class: "number" }, "Time"));
    space.replaceChildren();
  }

  function label(column) {
    return column === WORST ? "worst" : visible(columns[column].label);
  }

  /** How far the list is scrolled, in rows: long lists are drawn on a shorter space. */
  function top() {
    const full = found.length * ROW, height = viewport.clientHeight;
    if (full <= TALLEST) return viewport.scrollTop;
    return (viewport.scrollTop / (TALLEST - height)) * (full - height);
  }

  function draw() {
    const from = top(), height = viewport.clientHeight;
    const first = Math.max(0, Math.floor(from / ROW) - 4), last = Math.min(found.length, Math.ceil((from + height) / ROW) + 4);
    const old = new Map([...space.children].map((row) => [Number(row.dataset.at), row]));
    for (const [number, row] of old) if (number < first || number >= last) row.remove();
    for (let number = first; number < last; number++) {
      const row = old.get(number) ?? line(number);
      row.style.top = `${number * ROW - from + viewport.scrollTop}px`;
      const chosen = number === at;
      if (row.getAttribute("aria-selected") !== String(chosen)) row.setAttribute("aria-selected", String(chosen));
      if (!old.has(number)) space.append(row);
    }
    if (at >= first && at < last) grid.setAttribute("aria-activedescendant", `row-${at}`);
    else grid.removeAttribute("aria-activedescendant");
  }

  function line(number) {
    const test = found[number];
    const cells = shownColumns.map((column) => {
      const rank = column === WORST ? results.worst[test] : columns[column].rank[test];
      const status = byRank[rank];
      return rank === NONE ? make("span", { class: "mark absent", role: "gridcell", "aria-label": "no result" }, "·") : make("span", { class: `mark ${status.class}`, role: "gridcell", "aria-label": `${label(column)}: ${status.name}`, title: status.name }, status.short);
    });
    return make("div", { class: "row", role: "row", id: `row-${number}`, "data-at": String(number), "aria-rowindex": String(number + 2), "aria-selected": "false" },
      make("span", { class: "place", role: "rowheader", title: place(test) }, make("span", {}, name(test)), tests.line[test] === 0 ? undefined : `:${tests.line[test]}:${tests.column[test]}`),
      make("span", { role: "gridcell" }, data.kinds[tests.kind[test]]),
      make("span", { class: "cells", role: "presentation" }, ...cells),
      make("span", { class: "number", role: "gridcell" }, milliseconds(results.slowest[test])));
  }

  function name(test) {
    return visible(data.files[tests.file[test]][0]);
  }

  function place(test) {
    return tests.line[test] === 0 ? name(test) : `${name(test)}:${tests.line[test]}:${tests.column[test]}`;
  }

  function select(number, { keep } = {}) {
    if (found.length === 0) return;
    at = Math.max(0, Math.min(found.length - 1, number));
    const full = found.length * ROW, height = viewport.clientHeight;
    const y = at * ROW, from = top();
    if (y < from || y + ROW > from + height) {
      const wanted = Math.max(0, Math.min(full - height, y < from ? y - ROW : y + 2 * ROW - height));
      viewport.scrollTop = full <= TALLEST ? wanted : (wanted / (full - height)) * (TALLEST - height);
    }
    draw();
    show(found[at]);
    wish.row = keyOf(results, found[at]);
    if (!keep) history.replaceState(null, "", writeWish(wish, results));
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(viewport.clientHeight / ROW) - 1);
    const next = (step) => { let to = at + step; while (to >= 0 && to < found.length && results.worst[found[to]] < UNEXPECTED) to += step; return to < 0 || to >= found.length ? at : to; };
    const to = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: found.length - 1 }[event.key];
    if (to !== undefined) select(to);
    else if (event.key === "n") select(next(1));
    else if (event.key === "p") select(next(-1));
    else if (event.key === "Enter" && at >= 0) detail.focus();
    else return;
    event.preventDefault();
  }

  function show(test) {
    const link = make("a", { href: writeWish({ ...NO_WISH, row: keyOf(results, test) }, results) }, place(test));
    const source = excerpt(test);
    const parts = [make("h3", {}, link), make("p", { class: "quiet" }, `${data.kinds[tests.kind[test]]}, directive ${tests.index[test]} of its file`)];
    if (source) parts.push(make("pre", { class: "source", tabindex: "0", "aria-label": "Source" }, visibleLines(source)));
    for (const column of columns) if (column.rank[test] !== NONE) parts.push(result(column, test));
    detail.replaceChildren(...parts);
    detail.scrollTop = 0;
  }

  function result(column, test) {
    const status = byRank[column.rank[test]], flat = column.flat, start = column.details.get(test);
    const text = (offset) => (start === undefined || flat[start + offset] === 0 ? undefined : data.texts[flat[start + offset]]);
    const fact = (name, value) => value === undefined ? undefined : make("div", {}, make("dt", {}, name), make("dd", {}, make("code", {}, visibleLines(value))));
    const levels = start === undefined ? (status.rank === 0 ? 7 : 0) : flat[start + 1];
    const held = ["outcome", "stage", "message"].filter((_, bit) => levels & (1 << bit));
    const again = command(results, column, test);
    return make("article", {},
      make("h4", { class: "engine" }, visible(column.label), " ", make("span", { class: `mark ${status.class}` }, status.name), " ", make("small", {}, milliseconds(column.time[test]))),
      make("dl", { class: "facts" }, fact("Expected", text(2)), fact("Actual", text(3)), fact(status.name === "crash" ? "Died of" : "Reason", text(5)), fact("Note", text(4)),
        status.rank === 0 || status.name === "skip" ? undefined : make("div", {}, make("dt", {}, "Right"), make("dd", {}, held.length ? held.join(", ") : "not even the outcome"))),
      again === undefined ? undefined : make("p", { class: "command" }, make("code", {}, visible(again)), make("button", { type: "button", "aria-label": "Copy the command", onclick: (event) => copy(again, event.target) }, "Copy")));
  }

  function copy(text, button) {
    const done = (word) => { button.textContent = word; setTimeout(() => { button.textContent = "Copy"; }, 1500); };
    if (!navigator.clipboard) { getSelection().selectAllChildren(button.previousElementSibling); return; }
    navigator.clipboard.writeText(text).then(() => done("Copied"), () => done("Not allowed"));
  }

  function excerpt(test) {
    const file = tests.file[test];
    excerpts[file] ??= JSON.parse(document.querySelector(`script[data-excerpts="${file}"]`)?.textContent ?? "[]");
    return excerpts[file][test - results.firstOf[file]];
  }
}

const excerpts = [];

function debounced(act) {
  let timer;
  return () => { clearTimeout(timer); timer = setTimeout(act, 80); };
}

if (typeof document !== "undefined") start();

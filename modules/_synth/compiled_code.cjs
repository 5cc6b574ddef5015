// Keeps what V8 has compiled of the JavaScript that a process loads, for the next process: half of what starting jsii
// and cdktf costs. Node has such a cache from version 22, by the path of a file; jsii loads from another folder each time.
"use strict";
const { createHash, randomBytes } = require("crypto");
const fs = require("fs");
const Module = require("module");
const path = require("path");
const v8 = require("v8");
const vm = require("vm");

const MOST_BYTES = 32 * 1024 * 1024; // then only what this process has loaded is kept
const UNUSED_MS = 30 * 24 * 60 * 60 * 1000; // as in cache.py

// Nothing that is done with the files may fail a synth: it only takes longer.
function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function read(file) {
  const now = new Date();
  attempt(() => fs.utimesSync(file, now, now)); // it is in use
  return attempt(() => v8.deserialize(fs.readFileSync(file))) || new Map(); // without one all is compiled, as always
}

// Files of Node versions that are no longer used, and drafts of processes that were killed.
function removeUnused(folder) {
  for (const name of attempt(() => fs.readdirSync(folder)) || []) {
    const file = path.join(folder, name);
    attempt(() => fs.statSync(file).mtimeMs < Date.now() - UNUSED_MS && fs.unlinkSync(file));
  }
}

function write(file, kept, scripts) {
  const size = [...kept.values()].reduce((sum, code) => sum + code.length, 0);
  const all = size > MOST_BYTES ? new Map() : kept;
  for (const [key, script] of scripts) all.set(key, script.createCachedData());
  removeUnused(path.dirname(file));
  // A process id is not enough of a name: containers that share a home folder have the same ones.
  const draft = `${file}.${randomBytes(8).toString("hex")}`;
  try {
    fs.writeFileSync(draft, v8.serialize(all), { mode: 0o600, flag: "wx" });
    fs.renameSync(draft, file); // no other process sees it half written
  } catch {
    attempt(() => fs.unlinkSync(draft)); // nothing is kept
  }
}

// What is loaded from now on is taken from what is kept in the folder where its content is the same, or kept there.
exports.keepIn = (folder) => {
  const file = path.join(folder, `${process.version}-${process.arch}`);
  const kept = read(file);
  const scripts = new Map();
  let changed = false;

  const compile = Module.prototype._compile;
  Module.prototype._compile = function (content, filename, format) {
    if (format && format !== "commonjs") return compile.call(this, content, filename, format);
    const key = createHash("sha1").update(content).digest("base64");
    const script = new vm.Script(Module.wrap(content.replace(/^#!.*/, "")), {
      filename,
      cachedData: kept.get(key),
      importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    changed ||= script.cachedDataRejected !== false;
    scripts.set(key, script);
    const require = (request) => this.require(request);
    require.resolve = (request, options) => Module._resolveFilename(request, this, false, options);
    Object.assign(require, { main: process.mainModule, extensions: Module._extensions, cache: Module._cache });
    const inModule = script.runInThisContext();
    return inModule.call(this.exports, this.exports, require, this, filename, path.dirname(filename));
  };
  process.on("exit", () => changed && write(file, kept, scripts));
};

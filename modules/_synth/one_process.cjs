// jsii's own entry starts a second Node with `program.js`, which talks over descriptor 3, and passes on every message.
// Here `program.js` talks over this process's standard input and output instead, and what JavaScript prints goes where
// jsii's entry sends it: to standard error, as JSON.
//
// Two options of V8 suit a synth, which is a short process, and what V8 has compiled is kept for the next process where
// a folder is given as the second argument (`compiled_code.cjs`).
//
// And three things of cdktf's cost less here. It loads `archiver`, a tenth of the start of Node and cdktf, which packs
// folders only in processes of their own. It notes for each token where in JavaScript it was made, which in a Python
// program is always inside jsii: a twentieth of a synth, for nothing. And it goes through all of a stack four times
// looking for tokens, with five patterns in each text and four in each name: up to a third of a synth. Most of it holds
// none, and most of the rest names attributes of resources.
"use strict";
const fs = require("fs");
const Module = require("module");
const path = require("path");
const { Writable } = require("stream");
const v8 = require("v8");

// A synth runs most functions a few times: V8 optimizes them later, which saves a third, and forgets no compiled code.
// Only Node's versions with this option are asked for it: others print an error.
if (/^(18|20)\./.test(process.versions.node)) v8.setFlagsFromString("--interrupt-budget=1500000");
v8.setFlagsFromString("--no-flush-bytecode");

const CHANNEL = 3;
const { readSync, writeSync } = fs;
fs.readSync = (fd, ...rest) => readSync(fd === CHANNEL ? 0 : fd, ...rest);
fs.writeSync = (fd, ...rest) => writeSync(fd === CHANNEL ? 1 : fd, ...rest);
for (const name of ["stdout", "stderr"]) {
  const printed = new Writable({
    write(chunk, encoding, done) {
      writeSync(2, `${JSON.stringify({ [name]: Buffer.from(chunk).toString("base64") })}\n`);
      done();
    },
  });
  printed.fd = name === "stdout" ? 1 : 2;
  Object.defineProperty(process, name, { value: printed, configurable: true });
}

// A marker of cdktf's, or what it would look up as a number.
const TOKEN = /TfToken\[|Map Token Value|[-|\d.+]e[-|\d.eE+]/;
const marked = (value) => typeof value === "string" && TOKEN.test(value);

const TEXT_TOKEN = /\$\{TfToken\[([a-zA-Z0-9:._-]+)\]\}/g;
let tokenMap; // cdktf's
let resolvable; // cdktf's module of resolvers

const isExactly = (kind, object, ...methods) =>
  object?.constructor === kind && !methods.some((name) => Object.hasOwn(object, name));

// A class of Python's that overrides methods of a resolver is to JavaScript an object with methods of its own.
function resolvesAsDefault(resolver) {
  const { DefaultTokenResolver, StringConcat } = resolvable || {};
  return (
    DefaultTokenResolver &&
    isExactly(DefaultTokenResolver, resolver, "resolveString", "resolveToken") &&
    isExactly(StringConcat, resolver.concat, "join")
  );
}

// A text of attributes of resources and of plain text, as most that hold tokens. Of all others: undefined.
function resolveReferences(text, { scope, preparing }) {
  if (/[{}]/.test(text.replace(TEXT_TOKEN, ""))) return undefined; // Terraform's expressions have rules of their own
  try {
    const resolved = text.replace(TEXT_TOKEN, (_, key) => {
      const token = tokenMap.instance().lookupToken(key);
      if (token.constructor.name !== "Reference") throw new Error("another kind of token");
      return token.resolve({ scope, preparing });
    });
    return TOKEN.test(resolved) ? undefined : resolved;
  } catch {
    return undefined; // `resolve` fails in cdktf's words
  }
}

// What holds no token resolves to itself; `resolve`, cdktf's own, does all else.
function resolvePlain(resolve) {
  return (whole, options) => {
    const names = [...(options.prefix || [])]; // where in the whole: for cdktf's messages
    const inner = (name, value) => {
      names.push(name);
      const resolved = walk(value);
      names.pop();
      return resolved;
    };
    const byDefault = tokenMap && resolvesAsDefault(options.resolver);
    const walk = (value) => {
      if (typeof value === "string" ? !TOKEN.test(value) : typeof value === "boolean" || value === null) return value;
      if (Array.isArray(value) && !value.some((one) => typeof one === "number" || marked(one)))
        return value.map((one, at) => inner(`${at}`, one)).filter((one) => one !== undefined);
      const text = typeof value === "string" && byDefault && resolveReferences(value, options);
      if (text) return text;
      if (!isPlain(value) || names.length > 100) return resolve(value, { ...options, prefix: [...names] });
      const resolved = {};
      for (const name of Object.keys(value)) {
        const one = inner(name, value[name]);
        if (one !== undefined) resolved[name] = one;
      }
      return resolved;
    };
    return options.previousContext ? resolve(whole, options) : walk(whole);
  };
}

function isPlain(value) {
  const plain = typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
  return plain && typeof value.resolve !== "function" && !("_children" in value) && !Object.keys(value).some(marked);
}

// A function that is loaded when it is first called, or one of its properties is read.
function onFirstUse(load) {
  let loaded;
  const use = (method) => (_, ...rest) => Reflect[method]((loaded ??= load()), ...rest);
  return new Proxy(function () {}, { apply: use("apply"), get: use("get") });
}

const { _load } = Module;
Module._load = (request, ...rest) => {
  if (request === "archiver") return onFirstUse(() => _load(request, ...rest));
  const loaded = _load(request, ...rest);
  if (request.endsWith("/stack-trace") && loaded.captureStackTrace) loaded.captureStackTrace = () => [];
  if (request.endsWith("/token-map")) tokenMap = loaded.TokenMap;
  if (request.endsWith("/resolvable")) resolvable = loaded;
  if (request.endsWith("/private/resolve") && loaded.findTokens && loaded.resolve.name === "resolve")
    loaded.resolve = resolvePlain(loaded.resolve);
  return loaded;
};
if (process.argv[3]) require("./compiled_code.cjs").keepIn(process.argv[3]);
require(path.resolve(process.argv[2]));

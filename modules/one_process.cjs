// jsii's own entry starts a second Node with `program.js`, which talks over descriptor 3, and passes on every message.
// Here `program.js` talks over this process's standard input and output instead, and what JavaScript prints goes where
// jsii's entry sends it: to standard error, as JSON.
//
// And cdktf notes for each token where in JavaScript it was made, which in a Python program is always inside jsii: a
// twentieth of a synth, for nothing.
"use strict";
const fs = require("fs");
const Module = require("module");
const path = require("path");
const { Writable } = require("stream");

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
const { _load } = Module;
Module._load = (request, ...rest) => {
  const loaded = _load(request, ...rest);
  if (request.endsWith("/stack-trace") && loaded.captureStackTrace) loaded.captureStackTrace = () => [];
  return loaded;
};
require(path.resolve(process.argv[2]));

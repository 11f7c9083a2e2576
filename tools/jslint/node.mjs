// node node.mjs EDITION REQUEST: runs JSLint over a request (see lint.js) and writes its events to stdout.

import {readFileSync, writeSync} from "node:fs";
import {fileURLToPath, pathToFileURL} from "node:url";
import vm from "node:vm";

const [edition, request] = process.argv.slice(2);

function write(line) {
    let rest = Buffer.from(line + "\n", "ascii");
    while (rest.length > 0) {
        try {
            rest = rest.subarray(writeSync(1, rest));
        } catch (problem) {
            if (problem.code !== "EAGAIN") {
                throw problem;
            }
        }
    }
}

// Stdout belongs to the protocol.
console.log = console.error;
console.info = console.error;

async function load() {
    if (edition.endsWith(".mjs")) {
        const module = await import(pathToFileURL(edition));
        return {jslint: module.default};
    }
    vm.runInThisContext(readFileSync(edition, "utf8"), {filename: edition});
    return vm.runInThisContext("({JSLINT: typeof JSLINT === 'function' && JSLINT, jslint: typeof jslint === 'function' && jslint})");
}

vm.runInThisContext(readFileSync(fileURLToPath(new URL("lint.js", import.meta.url)), "utf8"), {filename: "lint.js"});
try {
    const loaded = await load();
    if (typeof loaded.jslint !== "function" && typeof loaded.JSLINT !== "function") {
        throw new Error("it exports no function, and defines neither jslint nor JSLINT");
    }
    globalThis.lintAll(loaded, readFileSync(request, "utf8").split("\n"), write);
} catch (problem) {
    write(JSON.stringify({event: "fault", message: String(problem)}).replace(/[^\u0000-\u007e]/g, "?"));
    process.exitCode = 1;
}

// node transpile.cjs TYPESCRIPT JSLINT OUT: turns the module edition of JSLint into the ES5 that Rhino can load. What it
// exports is then found in a global `exports`.

"use strict";
const fs = require("fs");
const [typescript, edition, out] = process.argv.slice(2);
const ts = require(typescript);

// The command line at the module's end is not wanted, and `import.meta` cannot be said in a script.
const source = fs.readFileSync(edition, "utf8")
    .replace(/^jslint_cli\(\{\}\);$/m, "")
    .replace(/\bimport\.meta\.url\b/g, "\"\"");

const result = ts.transpileModule(source, {
    compilerOptions: {module: ts.ModuleKind.CommonJS, removeComments: true, target: ts.ScriptTarget.ES5},
    reportDiagnostics: true
});
const problems = (result.diagnostics || []).filter((entry) => entry.category === ts.DiagnosticCategory.Error);
if (problems.length > 0) {
    throw new Error(ts.flattenDiagnosticMessageText(problems[0].messageText, " "));
}
fs.writeFileSync(out, result.outputText);

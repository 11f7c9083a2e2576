// The part that both runners share, in the JavaScript that Rhino understands. It defines one function:
//
//     lintAll(edition, lines, write)
//
// `edition` is {jslint: function} (editions from 2015 on) or {JSLINT: function} (those before). `lines` are JSON texts: the
// first holds {options, globals}, each other one {id, source}. `write` takes one line of ASCII text, a JSON event:
//
//     {"event": "hello", "edition": "v2026.6.30", "rejected": [["nosuch", "Bad option 'nosuch'."]]}
//     {"event": "begin", "id": 7}
//     {"event": "warnings", "id": 7, "warnings": [[line, column, code, message, kind], ...]}      any number of times
//     {"event": "result", "id": 7, "total": 2, "stop": false}
//     {"event": "done", "count": 1}
//
// `kind` is "" for a warning, "stop" for the one at which JSLint gave up, "crash" for an exception inside JSLint. Lines and
// columns count from 1. `total` counts all warnings, also those past MOST that were not written.

/*jslint indent2: false*/
/*global JSON*/

var lintAll = (function () {
    "use strict";

    var CHUNK = 200;        // warnings in one event: no line grows without bound
    var LONGEST = 1000;     // characters of a message: JSLint quotes tokens whole, and a token can be a megabyte
    var MOST = 5000;        // warnings of one file

    function ascii(value) {

// What encoding the engine's output has is then of no importance, and no lone surrogate is lost in it.

        return JSON.stringify(value).replace(/[\u007f-\uffff]/g, function (unit) {
            return "\\u" + ("0000" + unit.charCodeAt(0).toString(16)).slice(-4);
        });
    }

    function text(value) {
        var out = String(value);
        return out.length > LONGEST ? out.slice(0, LONGEST) + "\u2026" : out;
    }

    function number(value) {
        return typeof value === "number" && isFinite(value) ? value : 0;
    }

    function copy(options) {
        var out = {};
        Object.keys(options).forEach(function (key) {
            out[key] = options[key];
        });
        return out;
    }

    function warning(entry) {

// A crash inside JSLint comes as the Error object itself among the warnings; its message is not enumerable, so that it
// would vanish in JSON.

        var name = entry.name;
        var message = entry.message === undefined ? entry.reason : entry.message;
        if (entry instanceof Error || (typeof name === "string" && /Error$/.test(name) && name !== "JSLintError")) {
            return {line: 0, column: 0, code: "jslint-crash", message: text(name + ": " + message), kind: "crash"};
        }
        return {
            line: number(entry.line),
            column: number(entry.column === undefined ? entry.character : entry.column),
            code: String(entry.code || (/^Stopping/.test(message) ? "stopping" : "jslint")),
            message: text(message),
            kind: entry.mode_stop === true ? "stop" : ""
        };
    }

    function crash(message) {
        return {line: 0, column: 0, code: "jslint-crash", message: text(message), kind: "crash"};
    }

    function examine(edition, source, options, globals) {

// Lint one text: {ok, stop, edition, warnings}.

        var answer;
        var entries;
        var out = {ok: false, stop: false, edition: "", warnings: []};
        try {
            if (edition.jslint) {
                answer = edition.jslint(source, copy(options), globals.slice());
                out.ok = answer.ok === true;
                out.stop = answer.stop === true;
                out.edition = String(answer.edition);
                entries = answer.warnings;
            } else {
                options = copy(options);
                options.predef = globals.slice();
                out.ok = edition.JSLINT(source, options) === true;
                entries = edition.JSLINT.errors;
                out.edition = String(edition.JSLINT.edition);
                out.stop = entries.length > 0 && entries[entries.length - 1] === null;
            }
            out.warnings = entries.filter(function (entry) {
                return Boolean(entry);
            }).map(warning);
        } catch (problem) {
            out.warnings.push(crash(problem));
        }
        if (out.stop && out.warnings.length > 0 && !out.warnings.some(function (entry) {
            return entry.kind !== "";
        })) {
            out.warnings[out.warnings.length - 1].kind = "stop";
        }
        if (out.warnings.length === 0 && (out.stop || !out.ok)) {
            out.warnings.push(crash("JSLint says that the file is not in order, but not why"));
        }
        return out;
    }

    function rejected(edition, options) {

// JSLint ignores options that it does not know, and in newer editions every value but true: ask it about each one through
// a directive, where it does complain. Editions up to 2014 take every name that objects have by themselves.

        var out = [];
        Object.keys(options).forEach(function (name) {
            var probe;
            if (name in {}) {
                out.push([name, "not an option"]);
                return;
            }
            probe = examine(edition, "/*jslint " + name + ": " + options[name] + "*/\n", {}, []);
            if (probe.warnings.length > 0) {
                out.push([name, probe.warnings[0].message]);
            }
        });
        return out;
    }

    return function lintAll(edition, lines, write) {
        var request = JSON.parse(lines[0]);

// Some editions count from 0. Where is the first character of a text?

        var origin = examine(edition, "@", {}, []);
        var first = origin.warnings[0] || {line: 1, column: 1};
        var count = 0;

        function emit(event) {
            write(ascii(event));
        }

        function place(entry, last) {

// Some editions put the end of the text a line further than it is.

            if (entry.kind === "crash") {
                return [0, 0, entry.code, entry.message, entry.kind];
            }
            return [
                Math.min(Math.max(1, entry.line + 1 - first.line), last),
                Math.max(1, entry.column + 1 - first.column),
                entry.code,
                entry.message,
                entry.kind
            ];
        }

        function lint(line) {
            var job = JSON.parse(line);
            var found;
            var at;
            var last;
            var sent;
            emit({event: "begin", id: job.id});
            found = examine(edition, job.source, request.options, request.globals);
            last = job.source.split(/\r\n|\r|\n/).length;
            sent = found.warnings.slice(0, MOST).map(function (entry) {
                return place(entry, last);
            });
            for (at = 0; at < sent.length; at += CHUNK) {
                emit({event: "warnings", id: job.id, warnings: sent.slice(at, at + CHUNK)});
            }
            emit({event: "result", id: job.id, total: found.warnings.length, stop: found.stop});
            count += 1;
        }

        if (first.kind === "crash") {
            throw new Error("this edition of JSLint cannot lint one character: " + first.message);
        }
        emit({event: "hello", edition: origin.edition, rejected: rejected(edition, request.options)});
        lines.slice(1).filter(Boolean).forEach(lint);
        emit({event: "done", count: count});
    };
}());

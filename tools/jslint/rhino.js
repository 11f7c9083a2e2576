// java -jar js.jar rhino.js LINT EDITION REQUEST: as node.mjs, with nothing but the Rhino shell's own load, readFile, print.

var console = {error: function () {}, info: function () {}, log: function () {}, warn: function () {}};
var exports = {};

(function (global, lint, edition, request) {
    var loaded;
    try {
        load(lint);
        load(edition);
        loaded = {
            JSLINT: typeof global.JSLINT === "function" && global.JSLINT,
            jslint: (typeof exports["default"] === "function" && exports["default"])
                || (typeof global.jslint === "function" && global.jslint)
        };
        if (!loaded.jslint && !loaded.JSLINT) {
            throw new Error("it defines neither jslint nor JSLINT");
        }
        lintAll(loaded, String(readFile(request, "UTF-8")).split("\n"), print);
    } catch (problem) {
        print(JSON.stringify({event: "fault", message: String(problem)}).replace(/[\u007f-\uffff]/g, "?"));
        quit(1);
    }
}(this, arguments[0], arguments[1], arguments[2]));

// java -jar js.jar rhino.js LINT EDITION REQUEST: as node.mjs, with nothing but the Rhino shell's own load, readFile, print.

var console = {error: function () {}, info: function () {}, log: function () {}, warn: function () {}};
var exports = {};

// Rhino's own sort mixes up what is equal, and so would the warnings of one place be; since 2019 that is not allowed.

(function (sort) {
    function order(a, b) {
        var left = String(a);
        var right = String(b);
        return left < right ? -1 : Number(left > right);
    }

    Object.defineProperty(Array.prototype, "sort", {
        configurable: true,
        value: function (compare) {
            var places = this.map(function (value, at) {
                return {at: at, value: value};
            });
            sort.call(places, function (a, b) {
                if (a.value === undefined || b.value === undefined) {
                    return Number(a.value === undefined) - Number(b.value === undefined) || a.at - b.at;
                }
                return (compare || order)(a.value, b.value) || a.at - b.at;
            });
            places.forEach(function (place, at) {
                this[at] = place.value;
            }, this);
            return this;
        },
        writable: true
    });
}(Array.prototype.sort));

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

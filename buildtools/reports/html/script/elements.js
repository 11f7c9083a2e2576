// What everything else here stands on: the state, elements, numbers.

const PAGE = 50;
const DEFAULTS = {text: "", step: "", status: "", by: "file", show: "", sort: "urgent", findings: 1, tests: 1};
const BAD = ["failed", "error", "cancelled"];
const SVG = "http://www.w3.org/2000/svg";
const COLLATED = {failed: 0, error: 0, cancelled: 1, flaky: 2, skipped: 3, passed: 4};
const doc = document;
const root = doc.documentElement;
const state = Object.assign({}, DEFAULTS);
const all = {findings: [], tests: [], steps: [], quotes: {}};
const controls = {};

function byId(id) {
    return doc.getElementById(id);
}

function every(selector, within) {
    return Array.from((within || doc).querySelectorAll(selector));
}

function make(name, attributes, children) {
    const made = doc.createElement(name);
    Object.entries(attributes || {}).forEach(function ([key, value]) {
        if (value === true) {
            made.setAttribute(key, "");
        } else if (value !== false && value !== undefined) {
            made.setAttribute(key, value);
        }
    });
    made.append(...[children || []].flat(2).filter((child) => child !== ""));
    return made;
}

function shape(name, size) {
    const drawn = doc.createElementNS(SVG, "svg");
    const used = doc.createElementNS(SVG, "use");
    used.setAttribute("href", "#i-" + name);
    drawn.append(used);
    drawn.setAttribute("class", "shape is-" + name);
    drawn.setAttribute("width", size);
    drawn.setAttribute("height", size);
    drawn.setAttribute("aria-hidden", "true");
    return drawn;
}

function mark(name, word, size) {
    return make("span", {class: "status is-" + name}, [shape(name, size), "\u00a0" + word]);
}

function number(value) {
    return value.toLocaleString("en");
}

function count(value, noun) {
    return number(value) + " " + noun + (value === 1 ? "" : "s");
}

function duration(seconds) {
    const whole = Math.round(seconds);
    const two = (value) => String(value).padStart(2, "0");
    if (!(seconds >= 0 && seconds < 1e9)) {
        return "? s";
    }
    if (seconds < 0.995) {
        return seconds.toFixed(2) + " s";
    }
    if (seconds < 59.95) {
        return seconds.toFixed(1) + " s";
    }
    if (whole < 3600) {
        return Math.floor(whole / 60) + " min " + two(whole % 60) + " s";
    }
    return Math.floor(whole / 3600) + " h " + two(Math.floor(whole / 60) % 60) + " min";
}

// State, in the address: `#text=…&step=…` beside the plain `#steps` of the page's own links.

function read() {
    const words = location.hash.slice(1);
    const given = new URLSearchParams(words.includes("=") ? words : "");
    Object.entries(DEFAULTS).forEach(function ([key, value]) {
        const word = given.get(key);
        state[key] = word === null ? value : typeof value === "number" ? Math.max(parseInt(word, 10) || 1, 1) : word;
    });
    return given.get("at") || (words.includes("=") ? "" : words);
}

function written(at) {
    const words = new URLSearchParams();
    Object.entries(state).forEach(function ([key, value]) {
        if (value !== DEFAULTS[key]) {
            words.set(key, value);
        }
    });
    if (at) {
        words.set("at", at);
    }
    const text = words.toString();
    return "#" + (at && text === "at=" + encodeURIComponent(at) ? at : text);
}

function change(changes, at) {
    Object.assign(state, changes);
    if (!("findings" in changes) && !("tests" in changes)) {
        Object.assign(state, {findings: 1, tests: 1});
    }
    const hash = written(at);
    // Without an entry in the history for each letter that is typed.
    history.replaceState(null, "", hash === "#" ? location.pathname + location.search : hash);
    show();
}

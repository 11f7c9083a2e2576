// Makes the page better than it is without: filters whose state stands in the address, tables a page at a time, tabs
// for attempts, copying, colour scheme, keys, and print. What it shows stands in the page as JSON; it fetches nothing.
(function () {
    "use strict";

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

    // Elements

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

    // What the page carries

    function bytesOf(base64) {
        if (Uint8Array.fromBase64) {
            return Uint8Array.fromBase64(base64);
        }
        const text = atob(base64);
        const bytes = new Uint8Array(text.length);
        let at = text.length;
        while (at > 0) {
            at -= 1;
            bytes[at] = text.charCodeAt(at);
        }
        return bytes;
    }

    async function carried(id) {
        const holder = byId(id);
        if (!holder.dataset.encoding) {
            return JSON.parse(holder.textContent);
        }
        const stream = new Blob([bytesOf(holder.textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
        return new Response(stream).json();
    }

    function flaky(test) {
        return (test.status || "passed") === "passed" && (test.attempts || []).length > 0;
    }

    function isTest(test) {
        // Not a linter's word that a file is clean.
        const clean = test.file && !test.classname && !test.suite && (test.status || "passed") === "passed";
        return !clean;
    }

    function place(finding) {
        return [finding.path || "no file", finding.line, finding.line && finding.column].filter(Boolean).join(":");
    }

    function unpack(run, quotes) {
        all.quotes = quotes;
        run.steps.forEach(function (step) {
            const result = step.result || {};
            const status = result.status || "passed";
            const shown = {id: step.id, status, anchor: "", findings: 0, tests: 0};
            all.steps.push(shown);
            (result.findings || []).forEach(function (finding) {
                const said = [finding.path, finding.rule, finding.symbol, finding.message, finding.tool];
                all.findings.push({finding, step: shown, text: said.join("\n").toLowerCase()});
            });
            (result.cases || []).filter(isTest).forEach(function (test) {
                const said = [test.classname, test.name, test.message, test.file];
                const how = flaky(test) ? "flaky" : test.status || "passed";
                all.tests.push({test, step: shown, how, text: said.join("\n").toLowerCase()});
            });
        });
        every("article.step").forEach(function (article, index) {
            all.steps[index].anchor = article.id;
            all.steps[index].article = article;
            all.steps[index].text = [
                all.steps[index].id,
                ...every(".reason, .remedy, .plugin, .warned", article).map((part) => part.textContent)
            ].join("\n").toLowerCase();
        });
    }

    // State, in the address: `#text=…&step=…` beside the plain `#steps` of the page's own links

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

    // Findings

    function quoted(finding) {
        const known = all.quotes[finding.path] || {};
        const first = finding.line || 0;
        const last = Math.min(Math.max(finding.end_line || 0, first), first + 4);
        const lines = [];
        let at = Math.max(first - 1, 1);
        while (first > 0 && at <= last + 1) {
            if (known[at] !== undefined) {
                lines.push(at);
            }
            at += 1;
        }
        const width = String(lines[lines.length - 1] || "").length;
        return lines.length === 0 ? "" : make("pre", {class: "source"}, lines.map(function (line) {
            const hit = line >= first && line <= Math.max(finding.end_line || 0, first);
            const text = (hit ? "> " : "  ") + String(line).padStart(width) + " | " + known[line] + "\n";
            return hit ? make("span", {class: "hit"}, text) : text;
        }));
    }

    function findingRow(item) {
        const finding = item.finding;
        const severity = finding.severity || "warning";
        const at = [finding.line, finding.line && finding.column].filter(Boolean).join(":") || "–";
        const what = [
            state.by === "file" && finding.rule ? make("code", {class: "rule"}, finding.rule) : "",
            state.by === "file" && finding.symbol ? make("span", {class: "symbol"}, finding.symbol) : "",
            make("span", {class: "said"}, finding.message),
            finding.known ? make("span", {class: "flag"}, "known") : ""
        ].filter(Boolean).flatMap((part) => [part, " "]);
        return make("li", {}, [
            make("div", {class: "finding"}, [
                make("span", {class: "at"}, state.by === "file" ? at : place(finding)), " ",
                mark(severity === "error" ? "failed" : severity, severity, 14), " ",
                make("span", {class: "what"}, what), " ",
                make("a", {class: "to-step", href: "#" + item.step.anchor}, item.step.id)
            ]),
            quoted(finding)
        ]);
    }

    function groupOf(item) {
        const finding = item.finding;
        return state.by === "file" ? finding.path || "no file" : [finding.rule || finding.tool, finding.symbol].filter(Boolean).join(" ");
    }

    function byPlace(a, b) {
        const one = a.finding;
        const two = b.finding;
        return (one.path === two.path ? 0 : one.path < two.path ? -1 : 1)
            || (one.line || 0) - (two.line || 0) || (one.column || 0) - (two.column || 0);
    }

    function showFindings(shown) {
        const list = byId("findings-list");
        const groups = new Map();
        shown.forEach(function (item) {
            const key = groupOf(item);
            if (!groups.has(key)) {
                groups.set(key, []);
            }
            groups.get(key).push(item);
        });
        const order = Array.from(groups.values()).flatMap((group) => group.sort(byPlace));
        const part = paged("findings", order);
        const made = [];
        let key;
        part.forEach(function (item) {
            if (groupOf(item) !== key) {
                key = groupOf(item);
                made.push(make("section", {class: "group"}, [
                    make("h3", {}, [
                        make("code", {}, key), " ", make("span", {class: "count"}, count(groups.get(key).length, "finding"))
                    ]),
                    make("ol", {class: "findings by-" + state.by})
                ]));
            }
            made[made.length - 1].lastChild.append(findingRow(item));
        });
        list.replaceChildren(...made, ...pager("findings", order.length));
    }

    // Tests

    function pre(kind, text) {
        return make("pre", {class: kind}, text.replace(/^\n+|\n+$/g, ""));
    }

    function told(test, alone) {
        const where = test.file && test.line ? test.file + ":" + test.line : test.file || "";
        const message = (test.message || "").trim();
        const details = test.details || "";
        const parts = [];
        if (where && (details || message)) {
            parts.push(make("p", {class: "place"}, make("code", {}, where)));
        }
        if (message && !details.includes(message) && (alone || message.includes("\n"))) {
            parts.push(pre("message", message));
        }
        if (details.trim()) {
            parts.push(pre("trace", details));
        }
        [["Standard output", test.stdout], ["Standard error", test.stderr]].forEach(function ([name, text]) {
            if ((text || "").trim()) {
                parts.push(make("h4", {}, name), pre("output", text));
            }
        });
        return parts;
    }

    function bodyOf(test) {
        if (!(test.attempts || []).length) {
            return told(test, false);
        }
        return [tabbed(make("div", {class: "attempts"}, [...test.attempts, test].map(function (attempt, index) {
            const status = attempt.status || "passed";
            const said = told(attempt, true);
            return make("section", {class: "attempt"}, [
                make("h4", {}, "Attempt " + (index + 1) + ": " + status),
                ...(said.length ? said : [make("p", {}, status)])
            ]);
        })))];
    }

    function testRow(item) {
        const test = item.test;
        const status = test.status || "passed";
        const lines = (test.message || "").split("\n").map((line) => line.trim()).filter(Boolean);
        const owner = test.classname ? make("span", {class: "owner"}, test.classname + " ") : "";
        const name = make("span", {class: "name"}, [owner, make("b", {}, test.name || "(no name)")]);
        const said = lines.length ? make("span", {class: "said"}, lines[0] + (lines.length > 1 ? " ..." : "")) : "";
        const inside = bodyOf(test);
        const shown = inside.length
            ? make("details", {}, [make("summary", {}, [name, " ", said]), make("div", {class: "told"}, inside)])
            : [name, " ", said];
        return make("tr", {class: "is-" + status}, [
            make("td", {class: "result"}, [mark(status, status, 16), item.how === "flaky" ? make("span", {class: "flag"}, " flaky") : ""]),
            make("td", {class: "test"}, shown),
            make("td", {class: "whose"}, make("a", {class: "to-step", href: "#" + item.step.anchor}, item.step.id)),
            make("td", {class: "number"}, test.seconds ? duration(test.seconds) : "–")
        ]);
    }

    function showTests(shown) {
        const sorted = shown.slice();
        if (state.sort === "slow") {
            sorted.sort((a, b) => (b.test.seconds || 0) - (a.test.seconds || 0));
        } else {
            sorted.sort((a, b) => COLLATED[a.how] - COLLATED[b.how]);
        }
        const heads = ["Result", "Test", "Step", "Time"].map((name) => make("th", {scope: "col"}, name));
        const table = make("table", {class: "tests"}, [
            make("thead", {}, make("tr", {}, heads)),
            make("tbody", {}, paged("tests", sorted).map(testRow))
        ]);
        byId("tests-list").replaceChildren(...(sorted.length ? [table] : []), ...pager("tests", sorted.length));
    }

    // Pages

    function paged(kind, items) {
        state[kind] = Math.min(state[kind], Math.max(Math.ceil(items.length / PAGE), 1));
        return items.slice((state[kind] - 1) * PAGE, state[kind] * PAGE);
    }

    function pager(kind, length) {
        const from = (state[kind] - 1) * PAGE;
        if (length === 0) {
            return [make("p", {class: "none"}, "None that the filters let through.")];
        }
        if (length <= PAGE) {
            return [];
        }
        const turn = function (name, page, possible) {
            const button = make("button", {type: "button", disabled: !possible, "data-turn": name}, name);
            button.addEventListener("click", function () {
                change({[kind]: page}, kind);
                byId(kind).scrollIntoView();
                // The button that was pressed is gone; its successor, or else the other one, gets the focus.
                const next = every("#" + kind + "-list .pager button:not(:disabled)");
                (next.find((other) => other.dataset.turn === name) || next[0]).focus({preventScroll: true});
            });
            return button;
        };
        return [make("nav", {class: "pager", "aria-label": "Pages of " + kind}, [
            turn("Previous", state[kind] - 1, from > 0),
            make("span", {}, number(from + 1) + "–" + number(Math.min(from + PAGE, length)) + " of " + number(length)),
            turn("Next", state[kind] + 1, from + PAGE < length)
        ])];
    }

    // Filters

    function passes(item, status) {
        return (!state.step || item.step.id === state.step) && (!state.status || status === state.status);
    }

    function show() {
        const words = state.text.toLowerCase();
        const heard = (item) => item.text.includes(words);
        const findings = all.findings.filter((item) => passes(item, item.step.status) && heard(item) && !(state.show && item.finding.known));
        const tests = all.tests.filter((item) => passes(item, item.how === "flaky" && state.status === "passed" ? "passed" : item.how) && heard(item));
        const within = new Set([...findings, ...tests].map((item) => item.step));
        let steps = 0;
        all.steps.forEach(function (step) {
            const status = step.article.dataset.flaky !== undefined && state.status === "flaky" ? "flaky" : step.status;
            const said = passes({step}, status) || (state.status && within.has(step) && passes({step}, state.status));
            step.article.hidden = !(said && (!words || step.text.includes(words) || within.has(step)));
            steps += step.article.hidden ? 0 : 1;
        });
        every("#coverage tr[data-path]").forEach(function (row) {
            row.hidden = Boolean(words) && !row.dataset.path.toLowerCase().includes(words);
        });
        every("#coverage table").forEach(function (table) {
            table.hidden = every("tr[data-path]", table).every((row) => row.hidden);
        });
        every("#coverage [data-step]").forEach(function (part) {
            part.hidden = Boolean(state.step) && part.dataset.step !== state.step;
        });
        if (byId("findings-list")) {
            showFindings(findings);
        }
        if (byId("tests-list")) {
            showTests(tests);
        }
        Object.entries(controls).forEach(function ([key, control]) {
            if (control.value !== state[key]) {
                control.value = state[key];
            }
        });
        const filtered = state.text || state.step || state.status;
        controls.clear.hidden = !filtered;
        controls.shown.textContent = filtered
            ? "Shown: " + [count(steps, "step"), count(findings.length, "finding"), count(tests.length, "test")].join(", ")
            : "";
    }

    function choice(key, label, options) {
        const select = make("select", {}, options.map(([value, name]) => make("option", {value}, name)));
        select.addEventListener("change", () => change({[key]: select.value}));
        controls[key] = select;
        return make("label", {}, [label + " ", select]);
    }

    function filters() {
        const input = make("input", {type: "search", autocomplete: "off", spellcheck: "false", placeholder: "file, rule, test or message"});
        let waiting;
        input.addEventListener("input", function () {
            clearTimeout(waiting);
            waiting = setTimeout(() => change({text: input.value}), 120);
        });
        controls.text = input;
        const statuses = ["failed", "error", "cancelled", "skipped", "passed", "flaky"];
        const clear = make("button", {type: "button", hidden: true}, "Clear");
        clear.addEventListener("click", function () {
            change({text: "", step: "", status: ""});
            input.focus();
        });
        const form = make("form", {class: "filters", role: "search"}, [
            make("label", {class: "wide"}, ["Filter ", input]),
            choice("status", "Status", [["", "any"], ...statuses.map((name) => [name, name])]),
            choice("step", "Step", [["", "all"], ...all.steps.map((step) => [step.id, step.id])]),
            clear,
            scheme(),
            make("output", {role: "status"})
        ]);
        form.addEventListener("submit", (event) => event.preventDefault());
        controls.clear = clear;
        controls.shown = form.querySelector("output");
        byId("bar").append(form);
        const finding = [choice("by", "Group by", [["file", "file"], ["rule", "rule"]])];
        if (all.findings.some((item) => item.finding.known)) {
            finding.push(choice("show", "Show", [["", "all"], ["new", "new ones"]]));
        }
        const test = choice("sort", "First", [["urgent", "what failed"], ["slow", "what took longest"]]);
        [["findings", finding], ["tests", test]].forEach(function ([id, children]) {
            if (byId(id)) {
                byId(id).querySelector(".head").append(make("div", {class: "sorting"}, children));
            }
        });
    }

    // What browsers keep for this page, where they let it

    function kept(key, value) {
        try {
            if (value === undefined) {
                return localStorage.getItem("buildtools." + key) || "";
            }
            localStorage.setItem("buildtools." + key, value);
        } catch (ignore) {
            return "";
        }
        return value;
    }

    function scheme() {
        const names = [["", "as the system"], ["light", "light"], ["dark", "dark"]];
        const select = make("select", {}, names.map(([value, name]) => make("option", {value}, name)));
        const apply = function (name) {
            if (name) {
                root.dataset.theme = name;
            } else {
                delete root.dataset.theme;
            }
        };
        select.value = kept("theme");
        apply(select.value);
        select.addEventListener("change", function () {
            kept("theme", select.value);
            apply(select.value);
        });
        return make("label", {}, ["Colours ", select]);
    }

    // Tabs

    function tabbed(holder) {
        const panels = every(":scope > section", holder);
        const base = "attempts-" + (every("[data-tabs]").length + 1) + "-" + Math.random().toString(36).slice(2, 8);
        const tabs = panels.map(function (panel, index) {
            const title = panel.querySelector("h4");
            const tab = make("button", {type: "button", role: "tab", id: base + "-" + index, "aria-controls": base + "-panel-" + index}, title.textContent);
            panel.id = base + "-panel-" + index;
            panel.setAttribute("role", "tabpanel");
            panel.setAttribute("aria-labelledby", tab.id);
            panel.tabIndex = 0;
            title.hidden = true;
            return tab;
        });
        const select = function (chosen) {
            tabs.forEach(function (tab, index) {
                tab.setAttribute("aria-selected", String(index === chosen));
                tab.tabIndex = index === chosen ? 0 : -1;
                panels[index].hidden = index !== chosen;
            });
        };
        const list = make("div", {role: "tablist", "aria-label": "Attempts"}, tabs);
        tabs.forEach((tab, index) => tab.addEventListener("click", () => select(index)));
        list.addEventListener("keydown", function (event) {
            const at = tabs.indexOf(doc.activeElement);
            const next = {
                ArrowRight: (at + 1) % tabs.length,
                ArrowLeft: (at + tabs.length - 1) % tabs.length,
                Home: 0,
                End: tabs.length - 1
            }[event.key];
            if (at >= 0 && next !== undefined) {
                event.preventDefault();
                select(next);
                tabs[next].focus();
            }
        });
        holder.dataset.tabs = tabs.length;
        holder.prepend(list);
        select(tabs.length - 1);
        return holder;
    }

    // Copying

    async function copy(text, code) {
        try {
            await navigator.clipboard.writeText(text);
        } catch (ignore) {
            // Only pages from a safe origin may write there; selecting works for all.
            getSelection().selectAllChildren(code);
            doc.execCommand("copy");
        }
    }

    function copying() {
        every("pre.command").forEach(function (holder) {
            const code = holder.querySelector("code");
            const button = make("button", {type: "button"}, "Copy");
            button.addEventListener("click", async function () {
                await copy(code.textContent, code);
                button.textContent = "Copied";
                setTimeout(function () {
                    button.textContent = "Copy";
                }, 2000);
            });
            holder.append(button);
        });
    }

    // The run as a file

    function saving(run) {
        const button = make("button", {type: "button"}, "Save the run as JSON");
        button.addEventListener("click", function () {
            const url = URL.createObjectURL(new Blob([JSON.stringify(run, null, 2) + "\n"], {type: "application/json"}));
            make("a", {href: url, download: "run.json"}).click();
            setTimeout(() => URL.revokeObjectURL(url), 1000);
        });
        byId("footer").append(make("p", {}, button));
    }

    // Places: what is linked to must be open

    function go(id) {
        const target = id && byId(id);
        if (!target) {
            return;
        }
        const inside = target.querySelector(":scope > details");
        if (inside) {
            inside.open = true;
        }
        target.scrollIntoView();
    }

    function links() {
        doc.addEventListener("click", function (event) {
            const link = event.target.closest && event.target.closest("a[href^='#']");
            if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) {
                return;
            }
            const id = link.getAttribute("href").slice(1);
            event.preventDefault();
            if (link.dataset.only !== undefined) {
                Object.assign(state, {step: link.dataset.only, findings: 1, tests: 1});
                show();
            }
            const target = byId(id);
            const article = target && target.closest("article.step");
            if (article && article.hidden) {
                Object.assign(state, {text: "", step: "", status: ""});
                show();
            }
            history.pushState(null, "", written(id));
            go(id);
            const first = target && (target.querySelector("summary") || target.querySelector("h2"));
            if (first) {
                first.tabIndex = first.tagName === "SUMMARY" ? 0 : -1;
                first.focus({preventScroll: true});
            }
        });
        window.addEventListener("popstate", function () {
            const at = read();
            show();
            go(at);
        });
    }

    // Keys

    function keys() {
        const box = make("input", {type: "checkbox"});
        const rows = [["/", "to the filter"], ["j, k", "to the next and the previous failure"], ["Esc", "clear the filter, when in it"]];
        const list = make("dl", {}, rows.flatMap(([key, what]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, what)]));
        box.checked = kept("keys") !== "off";
        box.addEventListener("change", () => kept("keys", box.checked ? "on" : "off"));
        byId("footer").append(make("details", {class: "keys"}, [
            make("summary", {}, "Keys"), list, make("label", {}, [box, " Single keys do something"])
        ]));
        doc.addEventListener("keydown", function (event) {
            if (event.target === controls.text && event.key === "Escape") {
                change({text: "", step: "", status: ""});
                return;
            }
            if (!box.checked || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) {
                return;
            }
            if (event.key === "/") {
                event.preventDefault();
                controls.text.focus();
            } else if (event.key === "j" || event.key === "k") {
                step(event.key === "j" ? 1 : -1);
            }
        });
    }

    function step(way) {
        const stops = every("article.step").filter((article) => BAD.includes(article.dataset.status) && !article.hidden)
            .map((article) => article.querySelector("summary"))
            .concat(every("#tests-list tr.is-failed summary, #tests-list tr.is-error summary"));
        const at = stops.indexOf(doc.activeElement);
        const next = stops[at < 0 ? (way > 0 ? 0 : stops.length - 1) : (at + way + stops.length) % stops.length];
        if (next) {
            next.focus();
            next.scrollIntoView({block: "center"});
        }
    }

    // Paper has nothing to open

    function printing() {
        let opened = [];
        let panels = [];
        window.addEventListener("beforeprint", function () {
            opened = every("details:not([open])").filter((one) => !one.matches(".output-of, .keys"));
            panels = every("[role='tabpanel'][hidden]");
            opened.forEach(function (one) {
                one.open = true;
            });
            panels.forEach(function (panel) {
                panel.hidden = false;
            });
        });
        window.addEventListener("afterprint", function () {
            opened.forEach(function (one) {
                one.open = false;
            });
            panels.forEach(function (panel) {
                panel.hidden = true;
            });
        });
    }

    async function begin() {
        const [run, quotes] = await Promise.all([carried("run"), carried("quotes")]);
        unpack(run, quotes);
        filters();
        every(".attempts").forEach(tabbed);
        copying();
        links();
        saving(run);
        keys();
        printing();
        const at = read();
        show();
        go(at);
        root.dataset.ready = "yes";
    }

    begin().catch(function (error) {
        // The page reads well without all this; an old browser must only not stop halfway.
        root.dataset.ready = "no";
        byId("footer").append(make("p", {}, "Filters and further rows are not available in this browser: " + error.message));
    });
}());

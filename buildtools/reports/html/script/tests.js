// Tests, what failed or took longest first.

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
    [
        ["Standard output", test.stdout],
        ["Standard error", test.stderr]
    ].forEach(function ([name, text]) {
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
    return [
        tabbed(
            make(
                "div",
                {class: "attempts"},
                [...test.attempts, test].map(function (attempt, index) {
                    const status = attempt.status || "passed";
                    const said = told(attempt, true);
                    return make("section", {class: "attempt"}, [
                        make("h4", {}, "Attempt " + (index + 1) + ": " + status),
                        ...(said.length ? said : [make("p", {}, status)])
                    ]);
                })
            )
        )
    ];
}

function testRow(item) {
    const test = item.test;
    const status = test.status || "passed";
    const lines = (test.message || "")
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean);
    const owner = test.classname ? make("span", {class: "owner"}, test.classname + " ") : "";
    const name = make("span", {class: "name"}, [owner, make("b", {}, test.name || "(no name)")]);
    const said = lines.length ? make("span", {class: "said"}, lines[0] + (lines.length > 1 ? " ..." : "")) : "";
    const inside = bodyOf(test);
    const shown = inside.length
        ? make("details", {}, [make("summary", {}, [name, " ", said]), make("div", {class: "told"}, inside)])
        : [name, " ", said];
    return make("tr", {class: "is-" + status}, [
        make("td", {class: "result"}, [
            mark(status, status, 16),
            item.how === "flaky" ? make("span", {class: "flag"}, " flaky") : ""
        ]),
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

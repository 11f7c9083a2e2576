// Filters, and what they let through.

function passes(item, status) {
    return (!state.step || item.step.id === state.step) && (!state.status || status === state.status);
}

function show() {
    const words = state.text.toLowerCase();
    const heard = (item) => item.text.includes(words);
    const findings = all.findings.filter(
        (item) => passes(item, item.step.status) && heard(item) && !(state.show && item.finding.known)
    );
    const tests = all.tests.filter(
        (item) => passes(item, item.how === "flaky" && state.status === "passed" ? "passed" : item.how) && heard(item)
    );
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
    const select = make(
        "select",
        {},
        options.map(([value, name]) => make("option", {value}, name))
    );
    select.addEventListener("change", () => change({[key]: select.value}));
    controls[key] = select;
    return make("label", {}, [label + " ", select]);
}

function filters() {
    const input = make("input", {
        type: "search",
        autocomplete: "off",
        spellcheck: "false",
        placeholder: "file, rule, test or message"
    });
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
    const finding = [
        choice("by", "Group by", [
            ["file", "file"],
            ["rule", "rule"]
        ])
    ];
    if (all.findings.some((item) => item.finding.known)) {
        finding.push(
            choice("show", "Show", [
                ["", "all"],
                ["new", "new ones"]
            ])
        );
    }
    const test = choice("sort", "First", [
        ["urgent", "what failed"],
        ["slow", "what took longest"]
    ]);
    [
        ["findings", finding],
        ["tests", test]
    ].forEach(function ([id, children]) {
        if (byId(id)) {
            byId(id)
                .querySelector(".head")
                .append(make("div", {class: "sorting"}, children));
        }
    });
}

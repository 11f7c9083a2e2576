// Findings, by file or by rule.

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
    return lines.length === 0
        ? ""
        : make(
              "pre",
              {class: "source"},
              lines.map(function (line) {
                  const hit = line >= first && line <= Math.max(finding.end_line || 0, first);
                  const text = (hit ? "> " : "  ") + String(line).padStart(width) + " | " + known[line] + "\n";
                  return hit ? make("span", {class: "hit"}, text) : text;
              })
          );
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
    ]
        .filter(Boolean)
        .flatMap((part) => [part, " "]);
    return make("li", {}, [
        make("div", {class: "finding"}, [
            make("span", {class: "at"}, state.by === "file" ? at : place(finding)),
            " ",
            mark(severity === "error" ? "failed" : severity, severity, 14),
            " ",
            make("span", {class: "what"}, what),
            " ",
            make("a", {class: "to-step", href: "#" + item.step.anchor}, item.step.id)
        ]),
        quoted(finding)
    ]);
}

function groupOf(item) {
    const finding = item.finding;
    return state.by === "file"
        ? finding.path || "no file"
        : [finding.rule || finding.tool, finding.symbol].filter(Boolean).join(" ");
}

function byPlace(a, b) {
    const one = a.finding;
    const two = b.finding;
    return (
        (one.path === two.path ? 0 : one.path < two.path ? -1 : 1) ||
        (one.line || 0) - (two.line || 0) ||
        (one.column || 0) - (two.column || 0)
    );
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
            made.push(
                make("section", {class: "group"}, [
                    make("h3", {}, [
                        make("code", {}, key),
                        " ",
                        make("span", {class: "count"}, count(groups.get(key).length, "finding"))
                    ]),
                    make("ol", {class: "findings by-" + state.by})
                ])
            );
        }
        made[made.length - 1].lastChild.append(findingRow(item));
    });
    list.replaceChildren(...made, ...pager("findings", order.length));
}

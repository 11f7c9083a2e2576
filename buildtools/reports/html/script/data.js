// What the page carries.

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
        ]
            .join("\n")
            .toLowerCase();
    });
}

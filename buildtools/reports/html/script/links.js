// Places: what is linked to must be open.

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

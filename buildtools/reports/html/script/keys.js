// Keys.

function keys() {
    const box = make("input", {type: "checkbox"});
    const rows = [
        ["/", "to the filter"],
        ["j, k", "to the next and the previous failure"],
        ["Esc", "clear the filter, when in it"]
    ];
    const list = make(
        "dl",
        {},
        rows.flatMap(([key, what]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, what)])
    );
    box.checked = kept("keys") !== "off";
    box.addEventListener("change", () => kept("keys", box.checked ? "on" : "off"));
    byId("footer").append(
        make("details", {class: "keys"}, [
            make("summary", {}, "Keys"),
            list,
            make("label", {}, [box, " Single keys do something"])
        ])
    );
    doc.addEventListener("keydown", function (event) {
        if (event.target === controls.text && event.key === "Escape") {
            change({text: "", step: "", status: ""});
            return;
        }
        if (
            !box.checked ||
            event.ctrlKey ||
            event.metaKey ||
            event.altKey ||
            event.target.closest("input, select, textarea")
        ) {
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
    const stops = every("article.step")
        .filter((article) => BAD.includes(article.dataset.status) && !article.hidden)
        .map((article) => article.querySelector("summary"))
        .concat(every("#tests-list tr.is-failed summary, #tests-list tr.is-error summary"));
    const at = stops.indexOf(doc.activeElement);
    const next = stops[at < 0 ? (way > 0 ? 0 : stops.length - 1) : (at + way + stops.length) % stops.length];
    if (next) {
        next.focus();
        next.scrollIntoView({block: "center"});
    }
}

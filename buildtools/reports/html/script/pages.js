// Pages of long lists.

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
    return [
        make("nav", {class: "pager", "aria-label": "Pages of " + kind}, [
            turn("Previous", state[kind] - 1, from > 0),
            make("span", {}, number(from + 1) + "–" + number(Math.min(from + PAGE, length)) + " of " + number(length)),
            turn("Next", state[kind] + 1, from + PAGE < length)
        ])
    ];
}

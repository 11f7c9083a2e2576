// Tabs, of what the page has one below the other.

function tabbed(holder) {
    const panels = every(":scope > section", holder);
    const base = "attempts-" + (every("[data-tabs]").length + 1) + "-" + Math.random().toString(36).slice(2, 8);
    const tabs = panels.map(function (panel, index) {
        const title = panel.querySelector("h4");
        const tab = make(
            "button",
            {type: "button", role: "tab", id: base + "-" + index, "aria-controls": base + "-panel-" + index},
            title.textContent
        );
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

// What browsers keep for this page, where they let it.

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
    const names = [
        ["", "as the system"],
        ["light", "light"],
        ["dark", "dark"]
    ];
    const select = make(
        "select",
        {},
        names.map(([value, name]) => make("option", {value}, name))
    );
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

// Paper has nothing to open.

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

// The beginning, when all else is there.

async function begin() {
    const [run, quotes] = await Promise.all([carried("run"), carried("quotes")]);
    unpack(run, quotes);
    filters();
    every(".attempts").forEach(tabbed);
    copying();
    links();
    saving(run);
    keys();
    printing();
    const at = read();
    show();
    go(at);
    root.dataset.ready = "yes";
}

begin().catch(function (error) {
    // The page reads well without all this; an old browser must only not stop halfway.
    root.dataset.ready = "no";
    byId("footer").append(
        make("p", {}, "Filters and further rows are not available in this browser: " + error.message)
    );
});

// Copying a command, saving the run.

async function copy(text, code) {
    try {
        await navigator.clipboard.writeText(text);
    } catch (ignore) {
        // Only pages from a safe origin may write there; selecting works for all.
        getSelection().selectAllChildren(code);
        doc.execCommand("copy");
    }
}

function copying() {
    every("pre.command").forEach(function (holder) {
        const code = holder.querySelector("code");
        const button = make("button", {type: "button"}, "Copy");
        button.addEventListener("click", async function () {
            await copy(code.textContent, code);
            button.textContent = "Copied";
            setTimeout(function () {
                button.textContent = "Copy";
            }, 2000);
        });
        holder.append(button);
    });
}

function saving(run) {
    const button = make("button", {type: "button"}, "Save the run as JSON");
    button.addEventListener("click", function () {
        const url = URL.createObjectURL(new Blob([JSON.stringify(run, null, 2) + "\n"], {type: "application/json"}));
        make("a", {href: url, download: "run.json"}).click();
        setTimeout(() => URL.revokeObjectURL(url), 1000);
    });
    byId("footer").append(make("p", {}, button));
}

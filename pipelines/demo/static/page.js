/*jslint browser*/

// The form: asks the server and shows the answer without leaving the page.

import answer from "./answer.js";

const form = document.getElementById("converter");
const result = document.getElementById("result");

async function convert(query) {
    const response = await fetch("api/convert?" + query);
    return answer.line(await response.json());
}

async function submitted(event) {
    event.preventDefault();
    try {
        result.textContent = await convert(
            new URLSearchParams(new FormData(form))
        );
    } catch (ignore) {
        result.textContent = "The server cannot be reached.";
    }
}

form.addEventListener("submit", submitted);

// Drives one Chromium by lines of JSON on stdin, an answer a line on stdout: `node drive.mjs CHROMIUM`.
//
// {"do": "open", "url", "context", "wait"}  a new page in a new context; the old one goes
// {"do": "call", "name", "args"}            a method of Playwright's page, `evaluate` among them
// {"do": "until", "expression"}             wait for it to become true: the page's policy forbids Playwright's own way
// {"do": "axe"}                             the violations of axe-core's rules, serious and critical ones
// {"do": "heard"}                           what the page wrote to the console, and its uncaught errors

import {readFile} from "node:fs/promises";
import {createRequire} from "node:module";
import {createInterface} from "node:readline";
import {chromium} from "playwright-core";

const browser = await chromium.launch({executablePath: process.argv[2]});
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let context;
let page;
let heard = [];

async function open({url, context: options, wait}) {
    await context?.close();
    heard = [];
    context = await browser.newContext(options);
    page = await context.newPage();
    page.on("console", (message) => heard.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => heard.push(`uncaught: ${error.message}`));
    await page.goto(url);
    if (wait) {
        await page.waitForSelector(wait, {state: "attached", timeout: 60_000});
    }
}

async function until({expression}) {
    const patience = Date.now() + 60_000;
    while (!await page.evaluate(expression)) {
        if (Date.now() > patience) {
            throw new Error(`it did not come true: ${expression}`);
        }
        await new Promise((done) => setTimeout(done, 30));
    }
}

async function violations() {
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, {resultTypes: ["violations"]}));
    return found.violations
        .filter(({impact}) => impact === "serious" || impact === "critical")
        .map(({id, impact, nodes}) => `${impact} ${id}: ${nodes.length} × ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`);
}

const tasks = {
    open,
    axe: violations,
    heard: () => heard,
    until,
    async call({name, args}) {
        const answer = await page[name](...args);
        return Buffer.isBuffer(answer) ? answer.length : answer;
    }
};

for await (const line of createInterface({input: process.stdin})) {
    const task = JSON.parse(line);
    let answer;
    try {
        answer = {value: await tasks[task.do](task) ?? null};
    } catch (error) {
        answer = {problem: String(error.message)};
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();

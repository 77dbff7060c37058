// The page in headless Chromium, and what is read from it.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { integerOf, native } from "./native.js";

export const [tools, built, program, pictures] = process.argv.slice(2).map((path) => resolve(path));
const { chromium } = createRequire(join(tools, "package.json"))("playwright-core");

/** The side of the page's pictures. */
export const SIDE = 64;
export const DESKTOP = { viewport: { width: 1280, height: 900 } };
export const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

let browser;
export async function openBrowser() {
    mkdirSync(pictures, { recursive: true });
    browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
}

export async function closeBrowser() {
    await browser?.close();
}

/** Opens the page and gives it to `act`; nothing may go wrong on it, and it may ask for nothing but its two files. */
export async function onPage(act, { folder = built, hash = "", address = pathToFileURL(join(folder, "index.html")).href, ...options } = {}) {
    const context = await browser.newContext({ ...DESKTOP, ...options });
    try {
        const page = await context.newPage();
        const [errors, requests] = [[], []];
        page.on("pageerror", (error) => errors.push(error.message));
        page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
        page.on("request", (request) => requests.push(request.url()));
        await page.goto(address + hash);
        await page.waitForFunction(() => globalThis.lossWeb?.ready, null, { timeout: 20000 });
        const result = await act(page);
        const folderOf = address.replace(/[^/]*$/, "");
        assert.deepEqual(requests.filter((url) => !/^(data|blob):/.test(url) && !url.startsWith(folderOf)), [], "requests to elsewhere");
        assert.deepEqual(errors, []);
        return result;
    } finally {
        await context.close();
    }
}

/** Asks the module of the page. */
export const ask = (page, questions) => page.evaluate((all) => all.map((question) => lossWeb.ask(question)), questions);

export const text = (page, selector) => page.locator(selector).textContent();
export const texts = (page, selector) => page.locator(selector).allTextContents();

/** Two frames: what is drawn at most once a frame has been drawn. */
export const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** What the page shows, as a case for the native program. */
export const pictureOf = (page) =>
    page.evaluate(() => {
        const { codes, truth, loss, pixel } = lossWeb.state();
        return { expression: loss, width: 64, logits: Array.from(codes, (code) => code / 4), truth: Array.from(truth), pixel };
    });

export async function write(page, expression) {
    await page.fill("#expression", expression);
    await drawn(page);
}

const rounded = (number) => (number === null ? "–" : number.toFixed(6));

/** Compares all that the page shows of its own picture with the native library; gives the integers of the sums. */
export async function assertShownIsNative(page) {
    const picture = await pictureOf(page);
    const [expected] = native(program, [picture]);
    assert.equal(expected.error, undefined);
    assert.equal(await text(page, "#value"), String(expected.value), "the value");
    assert.equal(await text(page, "#value-of"), expected.expression);
    assert.deepEqual(await texts(page, "#parts td:nth-child(2)"), expected.parts.map(String), "the parts");
    for (const [kind, confusion] of [["hard", expected.hard], ["soft", expected.soft]]) {
        for (const [name, number] of Object.entries(confusion)) {
            const isSum = /_(positive|negative)$/.test(name);
            const digits = isSum ? (Number.isInteger(number) ? String(number) : number.toFixed(4)) : rounded(number);
            assert.equal(await text(page, `[data-${kind}="${name}"]`), digits, `${kind} ${name}`);
        }
    }
    const shownState = (await text(page, "#state")).match(/^\[(.*)\]$/)?.[1].split(", ") ?? null;
    assert.deepEqual(shownState, expected.state, "the state");
    assert.equal(await text(page, "#fingerprint"), expected.fingerprint);
    const gradient = Number((await text(page, "#pixel")).match(/∂L\/∂logit = (\S+)/)[1]);
    assert.ok(Object.is(Math.fround(gradient), expected.gradient[picture.pixel]), "the gradient of the selected pixel");
    const integers = (await texts(page, "#sums .integer")).map((integer) => BigInt(integer.replaceAll("\u2009", "")));
    // The soft confusion begins at the tenth integer of a state, see docs/state.md.
    if (expected.state) {
        const confusion = [10, 14, 18].map((place) => integerOf(expected.state.slice(place, place + 4)));
        assert.deepEqual(integers.slice(0, 3), confusion, "the integers");
    }
    return integers;
}

// The page as it is used.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { native } from "./native.js";
import { DESKTOP, PHONE, SIDE, assertShownIsNative, built, drawn, onPage, pictureOf, pictures, program, text, texts, write } from "./opened.js";

test("the page shows the numbers of the native library, whatever is clicked, painted and typed", () =>
    onPage(async (page) => {
        await assertShownIsNative(page);
        const presets = await page.locator("#preset option").evaluateAll((options) => options.map((option) => option.value));
        assert.ok(presets.length >= 7);
        for (const preset of presets) {
            await page.selectOption("#preset", preset);
            await drawn(page);
            await assertShownIsNative(page);
        }
        await page.selectOption("#preset", "net");
        for (const share of ["0", "20", "60", "100"]) {
            await page.fill("#share", share);
            await drawn(page);
            await assertShownIsNative(page);
        }
        const names = await page.locator("#list optgroup:not([disabled]) option").allTextContents();
        for (const name of names) {
            await page.selectOption("#list", name);
            await page.click("#use");
            await drawn(page);
            assert.equal(await page.inputValue("#expression"), name);
            await assertShownIsNative(page);
        }
        await write(page, "0.7*focal(gamma=2)+0.3*tversky(alpha=0.3,beta=0.7,smooth=1)");
        await page.selectOption("#list", "bce");
        await page.click("#add");
        await drawn(page);
        await assertShownIsNative(page);

        const before_ = await pictureOf(page);
        for (const [canvas, side] of [["truth", "0"], ["prediction", "1"]]) {
            await page.check(`input[name=brush][value="${side}"]`);
            await page.locator(`#${canvas}`).scrollIntoViewIfNeeded();
            const box = await page.locator(`#${canvas}`).boundingBox();
            await page.mouse.move(box.x + 20, box.y + 30);
            await page.mouse.down();
            await page.mouse.move(box.x + 0.8 * box.width, box.y + 0.6 * box.height, { steps: 5 });
            await page.mouse.up();
            await drawn(page);
            await assertShownIsNative(page);
        }
        const painted = await pictureOf(page);
        assert.notDeepEqual(painted.truth, before_.truth);
        assert.notDeepEqual(painted.logits, before_.logits);
        await page.click("#undo");
        await page.click("#undo");
        assert.deepEqual(await pictureOf(page).then(({ truth, logits }) => [truth, logits]), [before_.truth, before_.logits]);
        await page.click("#clear-truth");
        await page.click("#clear-prediction");
        await drawn(page);
        assert.ok((await pictureOf(page)).truth.every((value) => value === 0));
        await assertShownIsNative(page);
    }));

test("shuffling moves sums in f32 and f64, and no integer", () =>
    onPage(
        async (page) => {
            const row = async (column) => (await texts(page, `#sums td:nth-child(${column}) span`)).join();
            const seen = { integers: new Set(), f32: new Set(), f64: new Set(), value: new Set() };
            for (let time = 0; time < 5; time++) {
                if (time > 0) {
                    await page.click("#shuffle");
                }
                seen.integers.add((await assertShownIsNative(page)).join());
                seen.f32.add(await row(3));
                seen.f64.add(await row(4));
                seen.value.add(await text(page, "#value"));
            }
            assert.deepEqual([seen.integers.size, seen.value.size, seen.f32.size], [1, 1, 5]);
            assert.ok(seen.f64.size > 1);
            assert.match(await text(page, "#order"), /^Pixels in random order: 4 of 4 integers are the same, [1-4] of 4 f32 sums and [1-4] of 4 f64 sums moved\.$/);
            await page.click("#unshuffle");
            assert.ok(seen.f32.has(await row(3)));
            assert.match(await text(page, "#order"), /row by row/);
        },
        { hash: "#loss=bce+%2B+dice&preset=net&share=0.2&seed=3" },
    ));

test("an expression that is none is shown with a caret, and loses nothing", () =>
    onPage(async (page) => {
        const value = await text(page, "#value");
        const wrong = ["bce + dic(smooth=1)", "bce +", "dice(smooth=-1)", "bce(gamma=2)", "", "ce", "1e400 * bce", "bce(pos_weight=nan)"];
        const expected = native(program, wrong.map((expression) => ({ expression, width: 1, logits: [0], truth: [1] })));
        for (const [index, expression] of wrong.entries()) {
            await write(page, expression);
            assert.ok(expected[index].column >= 1);
            assert.equal(await text(page, "#expression-error"), expected[index].error);
            assert.match(expected[index].error, /\n {2}\| *\^/);
            assert.equal(await page.locator("#expression").getAttribute("aria-invalid"), "true");
            assert.equal(await text(page, "#value"), value, "the last value stays");
            assert.equal(await page.inputValue("#expression"), expression, "what was typed stays");
        }
        await write(page, "bce + dice(smooth=1)");
        assert.ok(await page.locator("#expression-error").isHidden());
        await assertShownIsNative(page);
        // A picture may be painted on meanwhile, and a link may hold an expression that is none.
        await onPage(
            async (other) => {
                assert.match(await text(other, "#expression-error"), /did you mean dice\?/);
                await write(other, "bce + dice(smooth=1)");
                await assertShownIsNative(other);
                await write(other, "bce + dic");
                const before_ = await text(other, "#value");
                await other.click("#clear-truth");
                assert.notEqual(await text(other, "#value"), before_);
            },
            { hash: "#loss=bce+%2B+dic" },
        );
    }));

test("all of it by keyboard", () =>
    onPage(async (page) => {
        // Everything that can be used is reached by Tab, and says what it is.
        const reached = new Set();
        for (let time = 0; time < 60; time++) {
            await page.keyboard.press("Tab");
            const [id, name, outline] = await page.evaluate(() => {
                const { activeElement: active } = document;
                const named = active.getAttribute("aria-label") ?? active.labels?.[0]?.textContent ?? active.textContent;
                return [active.id || active.tagName, named.trim(), getComputedStyle(active).outlineStyle];
            });
            if (id === "BODY") {
                break;
            }
            reached.add(id);
            assert.notEqual(name, "", `${id} has no name`);
            assert.notEqual(outline, "none", `the focus on ${id} cannot be seen`);
        }
        for (const id of ["theme", "copy", "preset", "again", "share", "size", "sure", "clear-truth", "truth", "prediction", "map", "gradient", "list", "use", "add", "expression", "shuffle"]) {
            assert.ok(reached.has(id), `Tab does not reach ${id}: ${[...reached].join(" ")}`);
        }
        await page.click("#clear-truth");
        await page.fill("#size", "1");
        await page.focus("#truth");
        const start = (await pictureOf(page)).pixel;
        await page.keyboard.press("ArrowRight");
        await page.keyboard.press("Shift+ArrowDown");
        await page.keyboard.press("Enter");
        await page.keyboard.down(" ");
        await page.keyboard.press("ArrowLeft");
        await page.keyboard.press("ArrowUp");
        await page.keyboard.up(" ");
        await page.keyboard.press("ArrowUp");
        await drawn(page);
        const at = start + 1 + 8 * SIDE;
        const { truth, pixel } = await pictureOf(page);
        assert.deepEqual([...truth.keys()].filter((place) => truth[place] === 1), [at - 1 - SIDE, at - 1, at].sort((a, b) => a - b));
        assert.equal(pixel, at - 1 - 2 * SIDE);
        await assertShownIsNative(page);
        await page.keyboard.press("Control+z");
        assert.equal((await pictureOf(page)).truth.filter((value) => value === 1).length, 1);
        // On a map the arrows select, and nothing is painted.
        await page.focus("#gradient");
        await page.keyboard.press("ArrowRight");
        await page.keyboard.press(" ");
        await drawn(page);
        assert.equal((await pictureOf(page)).pixel, pixel + 1);
        assert.match(await text(page, "#pixel"), new RegExp(`^Pixel \\(${(pixel + 1) % SIDE}, ${Math.floor((pixel + 1) / SIDE)}\\)`));
        await page.waitForFunction(() => /^bce .* is \d/.test(document.getElementById("announcement").textContent));
    }));

test("by finger, on a phone of 360 pixels", () =>
    onPage(
        async (page) => {
            assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360, "the page is wider than the phone");
            await page.click("#clear-prediction");
            await page.locator("#prediction").scrollIntoViewIfNeeded();
            const box = await page.locator("#prediction").boundingBox();
            const scrolled = await page.evaluate(() => scrollY);
            const session = await page.context().newCDPSession(page);
            const touch = (type, x, y) => session.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x: box.x + x * box.width, y: box.y + y * box.height }] });
            await touch("touchStart", 0.3, 0.3);
            await touch("touchMove", 0.3, 0.5);
            await touch("touchMove", 0.3, 0.8);
            await touch("touchEnd");
            await drawn(page);
            const { logits } = await pictureOf(page);
            assert.ok([0.3, 0.5, 0.8].every((y) => logits[Math.floor(y * SIDE) * SIDE + Math.floor(0.3 * SIDE)] === 4), "the stroke is not there");
            assert.equal(await page.evaluate(() => scrollY), scrolled, "painting scrolled the page");
            await assertShownIsNative(page);
        },
        PHONE,
    ));

test("the address holds all that is shown, and a wrong one is named", () =>
    onPage(async (page) => {
        await page.selectOption("#preset", "tiny");
        const box = await page.locator("#truth").boundingBox();
        await page.mouse.click(box.x + 50, box.y + 90);
        await write(page, "focal(gamma=3) + 2 * iou");
        await page.click("#shuffle");
        await page.waitForFunction(() => location.hash.includes("order=1") && location.hash.includes("truth=") && location.hash.includes("iou"));
        const [hash, picture, value, sums] = [new URL(page.url()).hash, await pictureOf(page), await text(page, "#value"), await text(page, "#sums")];
        await onPage(
            async (other) => {
                assert.deepEqual(await pictureOf(other), picture);
                assert.equal(await text(other, "#value"), value);
                assert.equal(await text(other, "#sums"), sums);
                await assertShownIsNative(other);
                // Another link in the same page, with things that cannot be.
                await other.evaluate(() => (location.hash = "#loss=bce&share=NaN&pixel=4096&seed=-1&preset=none&prediction=AAAA"));
                await other.waitForFunction(() => document.getElementById("notice").textContent !== "");
                const notice = await text(other, "#notice");
                for (const wrong of ["share=NaN", "pixel=4096", "seed=-1", "preset=none", "painted picture"]) {
                    assert.ok(notice.includes(wrong), `${wrong}: ${notice}`);
                }
                await assertShownIsNative(other);
            },
            { hash },
        );
    }));

test("the same from a server, in a folder of it", async () => {
    const types = { "index.html": "text/html", "loss-web.js": "text/javascript" };
    const server = createServer((request, response) => {
        const file = request.url.replace(/^\/guide\/playground\//, "").replace(/^$/, "index.html");
        if (!(file in types)) {
            response.writeHead(404).end();
            return;
        }
        response.writeHead(200, { "content-type": types[file] }).end(readFileSync(join(built, file)));
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    try {
        await onPage(assertShownIsNative, { address: `http://127.0.0.1:${server.address().port}/guide/playground/` });
    } finally {
        server.close();
    }
});

test("a page that shows other numbers is found", async () => {
    const page = readFileSync(join(built, "index.html"), "utf8");
    const wrong = {
        "a value of single precision": ["exactly(value)", "exactly(Math.fround(value))"],
        "one digit fewer": ["number.toFixed(6)", "number.toFixed(5)"],
        "a prediction read upside down": ["Array.from(state.codes, logitOf)", "Array.from(state.codes, logitOf).reverse()"],
        "integers by way of floating point": ['"span", inGroups(integer)', '"span", inGroups(BigInt(Number(integer)))'],
        "the gradient of another pixel": ["exactly(gradient[place])", "exactly(gradient[place + 1])"],
    };
    for (const [what, [right, changed]] of Object.entries(wrong)) {
        const folder = mkdtempSync(join(tmpdir(), "loss-web-"));
        try {
            assert.ok(page.includes(right), `${right} is not in the page`);
            writeFileSync(join(folder, "index.html"), page.replace(right, changed));
            copyFileSync(join(built, "loss-web.js"), join(folder, "loss-web.js"));
            await assert.rejects(onPage(assertShownIsNative, { folder }), assert.AssertionError, what);
        } finally {
            rmSync(folder, { recursive: true });
        }
    }
});

test("light and dark, wide and narrow", async () => {
    for (const [size, options] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
        for (const colorScheme of ["light", "dark"]) {
            await onPage(
                async (page) => {
                    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
                    await page.screenshot({ path: join(pictures, `${size}-${colorScheme}.png`), fullPage: true });
                    const own = await background();
                    await page.selectOption("#theme", colorScheme === "light" ? "dark" : "light");
                    assert.notEqual(await background(), own, "the switch changes nothing");
                    await page.selectOption("#theme", "");
                    assert.equal(await background(), own);
                    await page.selectOption("#preset", "net");
                    await page.click("#shuffle");
                    await page.click("#about-loss summary");
                    await write(page, "tversky(alpha=0.3, beta=0.7) + dicee");
                    await drawn(page);
                    await page.screenshot({ path: join(pictures, `${size}-${colorScheme}-error.png`), fullPage: true });
                    await write(page, "tversky(alpha=0.3, beta=0.7)");
                    await drawn(page);
                    await page.screenshot({ path: join(pictures, `${size}-${colorScheme}-net.png`), fullPage: true });
                },
                { ...options, colorScheme },
            );
        }
    }
    const transition = (reducedMotion) => onPage((page) => page.evaluate(() => getComputedStyle(document.querySelector("#value-plot circle")).transitionProperty), { reducedMotion });
    assert.deepEqual([await transition("no-preference"), await transition("reduce")], ["transform", "none"]);
});

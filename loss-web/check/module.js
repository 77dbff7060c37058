// The module in the page, without what the page makes of it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { randomExpressions, randomFrom, randomPicture } from "./cases.js";
import { assertSame, comparable, integerOf, native, unitsOf } from "./native.js";
import { ask, onPage, program } from "./opened.js";

test("the comparison finds one bit that differs, and a number that is missing", () => {
    const next = 0.1 + 2 ** -56;
    for (const [given, expected] of [[{ a: [next] }, { a: [0.1] }], [{ a: [0] }, { a: [-0] }], [{ a: [1] }, { a: [1, 2] }], [{}, { a: null }]]) {
        assert.throws(() => assertSame(given, expected, ""), assert.AssertionError);
    }
    assert.equal(unitsOf(1), 1n << 64n);
    assert.equal(unitsOf(-0.75), -3n << 62n);
    assert.equal(unitsOf(2 ** -65), 0n);
    assert.equal(unitsOf(3 * 2 ** -65), 2n);
});

test("random pictures: the module has the bits of the native library", () =>
    onPage(async (page) => {
        const [losses] = await ask(page, [{ ask: "losses" }]);
        assert.ok(losses.length > 25, `only ${losses.length} losses`);
        const random = randomFrom(1);
        const cases = randomExpressions(losses, random, 200).map((expression) => ({ expression, ...randomPicture(random) }));
        const expected = native(program, cases);
        const given = await ask(page, cases.map(({ expression, ...picture }) => ({ ask: "evaluate", expression, picture })));
        given.forEach((answer, index) => assertSame(comparable(answer), expected[index], cases[index].expression));
        const answered = given.filter((answer) => !answer.error).length;
        assert.ok(answered > 0.9 * cases.length, `only ${answered} of ${cases.length} have a value`);
    }));

test("shuffled pixels: the integers are those of the terms, and loops of f32 and f64 are those of their order", () =>
    onPage(async (page) => {
        const random = randomFrom(2);
        let [moved32, moved64] = [0, 0];
        for (const expression of ["bce", "focal(gamma=1.5) + 0.5 * bce(pos_weight=3) + dice", "poly1 + topk", "lovasz_hinge"]) {
            const picture = { width: 50, logits: Array.from({ length: 2500 }, () => Math.fround(60 * random() - 40)), truth: Array.from({ length: 2500 }, () => Number(random() < 0.2)) };
            const order = Array.from(picture.logits.keys()).map((place) => [random(), place]).sort(([a], [b]) => a - b).map(([, place]) => place);
            const [before_, after_] = await ask(page, [{ ask: "evaluate", expression, picture }, { ask: "evaluate", expression, picture, order }]);
            assert.equal(before_.sums.length, 3 + before_.parts.length - before_.without_map.length);
            assertSame(comparable(after_), comparable(before_), expression);
            for (const [index, sum] of after_.sums.entries()) {
                const first = before_.sums[index];
                assert.deepEqual(sum.digits, first.digits, sum.name);
                moved32 += Number(sum.in_f32 !== first.in_f32);
                moved64 += Number(sum.in_f64 !== first.in_f64);
                if (index < 3) {
                    continue;
                }
                const [alone] = await ask(page, [{ ask: "evaluate", expression: sum.name.replace("Σ ", ""), picture }]);
                const terms = alone.map.map(Math.fround);
                assert.equal(integerOf(sum.digits), terms.reduce((total, term) => total + unitsOf(term), 0n), sum.name);
                assert.equal(sum.in_f64, order.reduce((total, place) => total + terms[place], 0));
                assert.equal(Math.fround(sum.in_f32), order.reduce((total, place) => Math.fround(total + terms[place]), 0));
            }
        }
        assert.ok(moved32 > 8 && moved64 > 4, `${moved32} f32 sums and ${moved64} f64 sums moved`);
    }));

test("curves: each point is the picture with that pixel changed", () =>
    onPage(async (page) => {
        const random = randomFrom(3);
        for (const expression of ["bce", "bce + dice(smooth=1)", "topk", "boundary + 0.5 * focal", "lovasz_hinge"]) {
            const { width, logits, truth } = { ...randomPicture(random), width: 7, logits: Array.from({ length: 56 }, () => Math.round(40 * random() - 20) / 4), truth: Array.from({ length: 56 }, () => Number(random() < 0.4)) };
            const pixel = Math.floor(56 * random());
            const [curves] = await ask(page, [{ ask: "curves", expression, picture: { width, logits, truth }, pixel }]);
            const changed = (logit) => ({ expression, width, logits: logits.with ? logits.with(pixel, logit) : Object.assign([...logits], { [pixel]: logit }), truth });
            const expected = native(program, [...curves.logits, logits[pixel]].map(changed));
            const same = truth[pixel] === 1 ? curves.foreground : curves.background;
            expected.slice(0, -1).forEach((point, index) => {
                const value = curves.value_of === "pixel" ? point.map[pixel] : point.value;
                assert.equal(curves.value_of === "pixel" ? Math.fround(same.value[index]) : same.value[index], value, `${expression}, ${curves.logits[index]}`);
                assert.equal(Math.fround(same.gradient[index]), point.gradient[pixel], `${expression}, ${curves.logits[index]}`);
            });
            assert.equal(Math.fround(curves.gradient), expected.at(-1).gradient[pixel]);
        }
    }));

test("what is no number, no picture or no order is refused", () =>
    onPage(async (page) => {
        const picture = { width: 2, logits: [1, 2, 3, 4], truth: [0, 1, 1, 0] };
        const evaluate = (changed, order) => ({ ask: "evaluate", expression: "bce", picture: { ...picture, ...changed }, ...(order ? { order } : {}) });
        const refused = [
            // NaN and infinity are null in JSON.
            [evaluate({ logits: [1, NaN, 3, 4] }), /null/],
            [evaluate({ logits: [1, Infinity, 3, 4] }), /null/],
            [evaluate({ logits: [1, 1e39, 3, 4] }), /not finite|out of range/],
            [evaluate({ truth: [0, 2, 0, 0] }), /truth of pixel 1 is 2/],
            [evaluate({ truth: [0, 1] }), /no picture of width 2/],
            [evaluate({ width: 3 }), /no picture of width 3/],
            [evaluate({ width: 0 }), /no picture of width 0/],
            [evaluate({ logits: [], truth: [] }), /no picture/],
            [evaluate({}, [0, 1, 2, 2]), /every pixel once/],
            [evaluate({}, [0, 1, 2]), /every pixel once/],
            [{ ...evaluate({}), expression: "bce(pos_weight=nan)" }, /column/],
            [{ ask: "curves", expression: "bce", picture, pixel: 4 }, /no pixel 4/],
            [{ ask: "nothing" }, /unknown variant/],
        ];
        const answers = await ask(page, refused.map(([question]) => question));
        answers.forEach((answer, index) => assert.match(answer.error ?? "(none)", refused[index][1]));
    }));

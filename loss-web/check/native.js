// The native library, and comparisons with it to the bit.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

/** What the program `expected` says of each case. */
export function native(program, cases) {
    const input = cases.map(({ expression, width, logits, truth }) => `${JSON.stringify({ expression, width, logits, truth })}\n`).join("");
    const { status, stdout, stderr } = spawnSync(program, { input, encoding: "utf8", maxBuffer: 1 << 30 });
    assert.equal(status, 0, `${program}: ${stderr}`);
    const said = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(said.length, cases.length);
    return said;
}

/** Throws unless what the page's module says is what the native library says, bit by bit; it may say more. */
export function assertSame(given, expected, where) {
    if (expected !== null && typeof expected === "object") {
        assert.ok(given !== null && typeof given === "object", `${where}: ${given}`);
        if (Array.isArray(expected)) {
            assert.equal(given.length, expected.length, `${where}: the lengths`);
        }
        for (const key of Object.keys(expected)) {
            assertSame(given[key], expected[key], `${where}.${key}`);
        }
        return;
    }
    assert.ok(Object.is(given, expected), `${where}: the page has ${given}, the native library ${expected}`);
}

/** An answer of the module in the form of the native program. */
export function comparable(answer) {
    if (answer.error) {
        return answer;
    }
    const { expression, value, parts, soft, hard, gradient, map, without_map, state, fingerprint } = answer;
    return {
        expression,
        value,
        parts: parts.map((part) => part.value),
        soft,
        hard,
        // JSON has the shortest digits of an f32, which a double reads as another number.
        gradient: gradient.map(Math.fround),
        map: without_map.length === 0 ? map.map(Math.fround) : null,
        state,
        fingerprint,
    };
}

/** An f32 in units of 2⁻⁶⁴, rounded half to even. */
export function unitsOf(number) {
    const [view] = [new DataView(new ArrayBuffer(8))];
    view.setFloat64(0, number);
    const bits = view.getBigUint64(0);
    const exponent = Number((bits >> 52n) & 0x7ffn);
    if (exponent === 0) {
        return 0n;
    }
    const significand = (bits & ((1n << 52n) - 1n)) | (1n << 52n);
    const shift = exponent - 1075 + 64;
    let units;
    if (shift >= 0) {
        units = significand << BigInt(shift);
    } else {
        const down = BigInt(-shift);
        const half = 1n << (down - 1n);
        const rest = significand & ((1n << down) - 1n);
        units = significand >> down;
        units += rest > half || (rest === half && (units & 1n) === 1n) ? 1n : 0n;
    }
    return number < 0 ? -units : units;
}

/** The integer of the digits of a sum. */
export function integerOf(digits) {
    return digits.reduce((sum, digit, place) => sum + BigInt(digit) * 2n ** BigInt(32 * place), 0n);
}

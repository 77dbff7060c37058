// How numbers are stored and shown.

/** Pictures are squares of this side. */
export const SIDE = 64;
export const PIXELS = SIDE * SIDE;

/** A logit is stored as a code of 8 bits, in quarters: every logit is an exact f32, and a link can hold all of them. */
export const LARGEST_CODE = 127;
const CODES_PER_LOGIT = 4;

export function codeOf(logit) {
    return Math.max(-LARGEST_CODE, Math.min(LARGEST_CODE, Math.round(logit * CODES_PER_LOGIT)));
}

export function logitOf(code) {
    return code / CODES_PER_LOGIT;
}

/** A number with all of its digits: reading them back gives the same bits, so its minus is one that programs read. */
export function exactly(number) {
    return String(number);
}

/** A share with six decimals. */
export function rounded(number) {
    return number === null ? "–" : number.toFixed(6);
}

/** Three significant digits, for axes and differences. */
export function briefly(number) {
    if (number === 0) {
        return "0";
    }
    const size = Math.abs(number);
    const text = size >= 0.001 && size < 10000 ? String(Number(number.toPrecision(3))) : number.toExponential(1);
    return text.replaceAll("-", "−").replace("e+", "e");
}

/** The integer that the digits of a sum stand for, in units of 2⁻⁶⁴. */
export function integerOf(digits) {
    return digits.reduce((sum, digit, place) => sum + (BigInt(digit) << BigInt(32 * place)), 0n);
}

/** An integer in groups of three, between which a line may break. */
export function inGroups(integer) {
    return String(integer).replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** Random numbers in [0, 1) from a seed (mulberry32): the same in every browser. */
export function randomFrom(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
}

/** A random order of so many places; seed 0 leaves them as they stand. */
export function orderFrom(seed, length) {
    const order = Array.from({ length }, (_, place) => place);
    if (seed === 0) {
        return order;
    }
    const random = randomFrom(seed);
    for (let last = length - 1; last > 0; last--) {
        const other = Math.floor(random() * (last + 1));
        [order[last], order[other]] = [order[other], order[last]];
    }
    return order;
}

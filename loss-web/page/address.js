// The state of the page in the address, after the #: sharing the link shares what is shown.
import { through } from "./engine.js";
import { PIXELS } from "./numbers.js";
import { PRESETS, SHARES, isPicture } from "./pictures.js";

/** What can stand in an address. A picture that was painted on is there itself, else its preset. */
export const DEFAULTS = { loss: "bce + dice(smooth=1)", preset: "shifted", share: 0.12, seed: 1, order: 0, pixel: 32 * 64 + 44 };

export async function addressOf(state) {
    const fields = new URLSearchParams({ loss: state.loss });
    fields.set("preset", state.preset);
    fields.set("share", String(state.share));
    fields.set("seed", String(state.seed));
    fields.set("pixel", String(state.pixel));
    if (state.order !== 0) {
        fields.set("order", String(state.order));
    }
    if (state.painted) {
        fields.set("truth", await packed(inBits(state.truth)));
        fields.set("prediction", await packed(new Uint8Array(state.codes.buffer)));
    }
    return `#${fields}`;
}

/** The state of an address, with what is wrong with it; what is wrong has its default. */
export async function stateOf(hash) {
    const fields = new URLSearchParams(hash.replace(/^#/, ""));
    const wrong = [];
    const number = (name, holds) => {
        const text = fields.get(name);
        if (text === null) {
            return DEFAULTS[name];
        }
        const value = Number(text);
        if (text.trim() === "" || !holds(value)) {
            wrong.push(`${name}=${text}`);
            return DEFAULTS[name];
        }
        return value;
    };
    const whole = (most) => (value) => Number.isInteger(value) && value >= 0 && value <= most;
    const state = {
        loss: fields.get("loss") ?? DEFAULTS.loss,
        preset: fields.get("preset") ?? DEFAULTS.preset,
        share: number("share", (share) => share >= SHARES.least && share <= SHARES.most),
        seed: number("seed", whole(4294967295)),
        order: number("order", whole(4294967295)),
        pixel: number("pixel", whole(PIXELS - 1)),
        painted: false,
    };
    if (!PRESETS.some((preset) => preset.name === state.preset)) {
        wrong.push(`preset=${state.preset}`);
        state.preset = DEFAULTS.preset;
    }
    if (fields.has("truth") || fields.has("prediction")) {
        try {
            const truth = outOfBits(await unpacked(fields.get("truth") ?? "", PIXELS / 8));
            const codes = new Int8Array((await unpacked(fields.get("prediction") ?? "", PIXELS)).buffer);
            if (!isPicture(truth, codes)) {
                throw new RangeError("no picture");
            }
            Object.assign(state, { truth, codes, painted: true });
        } catch {
            wrong.push("the painted picture");
        }
    }
    return { state, wrong };
}

function inBits(mask) {
    const bytes = new Uint8Array(mask.length / 8);
    mask.forEach((value, place) => (bytes[place >> 3] |= value << (place & 7)));
    return bytes;
}

function outOfBits(bytes) {
    return Uint8Array.from({ length: 8 * bytes.length }, (_, place) => (bytes[place >> 3] >> (place & 7)) & 1);
}

async function packed(bytes) {
    const small = await through(bytes, new CompressionStream("deflate-raw"));
    let text = "";
    small.forEach((byte) => (text += String.fromCharCode(byte)));
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function unpacked(text, length) {
    const characters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const small = Uint8Array.from(characters, (character) => character.charCodeAt(0));
    const bytes = await through(small, new DecompressionStream("deflate-raw"));
    if (bytes.length !== length) {
        throw new RangeError("another length");
    }
    return bytes;
}

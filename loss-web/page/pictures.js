// Pictures to begin with: a truth of a given share of foreground, and a prediction of it.
import { LARGEST_CODE, PIXELS, SIDE, codeOf, randomFrom } from "./numbers.js";

/** The presets, in the order of the list. `share` says whether the slider changes them. */
export const PRESETS = [
    { name: "shifted", label: "disc, prediction shifted", about: "The right shape in the wrong place." },
    { name: "disc", label: "disc, prediction fits", about: "Right everywhere, and unsure at the boundary." },
    { name: "tiny", label: "tiny objects, half of them found", about: "Rare foreground: some objects are found, some are missed." },
    { name: "trap", label: "nothing found", about: "All background: see how high the accuracy is." },
    { name: "net", label: "output of a network", about: "Random blobs with logits from −25 to 12, as a trained network gives them." },
    { name: "alarm", label: "empty truth, false alarm", about: "No foreground at all, and a prediction that finds some." },
    { name: "undecided", label: "undecided everywhere", about: "p = ½ everywhere, as before training." },
];

/** The smallest and largest share of foreground. */
export const SHARES = { least: 1 / PIXELS, most: 0.6 };

/** Truth (0 or 1) and codes of logits of a preset. */
export function pictureOf(preset, share, seed) {
    const random = randomFrom(seed);
    const foreground = Math.max(1, Math.round(share * PIXELS));
    const radius = Math.sqrt((share * PIXELS) / Math.PI);
    const fromDisc = (dx, dy, sureness) => eachPixel((x, y) => sureness * (radius - distance(x, y, dx, dy)));
    const near = nearness(foreground);
    switch (preset) {
        case "disc":
            return { truth: near, codes: codes(fromDisc(0, 0, 1.5)) };
        case "shifted":
            return { truth: near, codes: codes(fromDisc(0.6 * radius, -0.3 * radius, 1.2)) };
        case "trap":
            return { truth: near, codes: codes(eachPixel(() => -4)) };
        case "undecided":
            return { truth: near, codes: new Int8Array(PIXELS) };
        case "alarm":
            return { truth: new Uint8Array(PIXELS), codes: codes(fromDisc(0, 0, 1.5)) };
        case "tiny":
            return tinyObjects(foreground, random);
        default:
            return networkOutput(foreground, random);
    }
}

function eachPixel(value) {
    return Float64Array.from({ length: PIXELS }, (_, place) => value(place % SIDE, Math.floor(place / SIDE)));
}

function codes(logits) {
    return Int8Array.from(logits, codeOf);
}

/** How far a pixel is from the centre, moved by (dx, dy). */
function distance(x, y, dx = 0, dy = 0) {
    const centre = (SIDE - 1) / 2;
    return Math.hypot(x - centre - dx, y - centre - dy);
}

/** The pixels of the largest values: as many as are asked for, ties by place. */
function largest(values, count) {
    const places = Array.from(values.keys()).sort((a, b) => values[b] - values[a] || a - b);
    const mask = new Uint8Array(PIXELS);
    places.slice(0, count).forEach((place) => (mask[place] = 1));
    return mask;
}

function nearness(count) {
    return largest(eachPixel((x, y) => -distance(x, y)), count);
}

/** Objects of up to 3 × 3 pixels; every second one is found, and one more is imagined. */
function tinyObjects(foreground, random) {
    const truth = new Uint8Array(PIXELS);
    const logits = eachPixel(() => -7 + 2 * random());
    const place = () => 3 + Math.floor(random() * (SIDE - 6));
    let left = foreground;
    for (let object = 0; left > 0; object++) {
        const [x, y, found] = [place(), place(), object % 2 === 0];
        for (let index = 0; index < 9 && left > 0; index++) {
            const at = (y + Math.floor(index / 3) - 1) * SIDE + x + (index % 3) - 1;
            left -= 1 - truth[at];
            truth[at] = 1;
            logits[at] = (found ? 1.5 : -3) + 2 * random();
        }
    }
    const imagined = place() * SIDE + place();
    [0, 1, SIDE, SIDE + 1].forEach((step) => (logits[imagined + step] = Math.max(logits[imagined + step], 1)));
    return { truth, codes: codes(logits) };
}

/** Blobs, and logits that follow them but for noise. */
function networkOutput(foreground, random) {
    const field = smooth(random, 4);
    const error = smooth(random, 3);
    const truth = largest(field, foreground);
    const edge = Math.min(...field.filter((_, at) => truth[at] === 1));
    const logits = field.map((value, at) => 5 * (value - edge) + 2 * error[at] + 1.5 * (random() - 0.5));
    return { truth, codes: codes(logits.map((logit) => (logit < 0 ? 2 * logit : logit)).map((logit) => Math.max(-25, Math.min(12, logit)))) };
}

/** Noise, averaged over neighbours several times, with mean 0 and deviation 1. */
function smooth(random, times) {
    let field = eachPixel(random);
    for (let time = 0; time < times; time++) {
        const before = field;
        field = eachPixel((x, y) => {
            let sum = 0;
            for (let dy = -2; dy <= 2; dy++) {
                for (let dx = -2; dx <= 2; dx++) {
                    sum += before[((y + dy + SIDE) % SIDE) * SIDE + ((x + dx + SIDE) % SIDE)];
                }
            }
            return sum;
        });
    }
    const mean = field.reduce((sum, value) => sum + value, 0) / PIXELS;
    const deviation = Math.sqrt(field.reduce((sum, value) => sum + (value - mean) ** 2, 0) / PIXELS);
    return field.map((value) => (value - mean) / deviation);
}

/** Whether something is a truth and codes that the page can hold. */
export function isPicture(truth, codes) {
    return truth.length === PIXELS && codes.length === PIXELS && truth.every((value) => value <= 1) && codes.every((code) => code >= -LARGEST_CODE);
}

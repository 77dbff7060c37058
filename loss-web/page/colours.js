// Palettes that people who do not tell red from green can read.

const stops = (...colours) => colours.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));

// Both rise in lightness, so they also work in grey.
const PROBABILITY = stops("#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838");
const LOSS = stops("#0b0724", "#3b0f70", "#8c2981", "#de4968", "#fe9f6d", "#fcfdbf");
// Blue to orange, by way of white or of black.
const SIGNED_LIGHT = stops("#08519c", "#4292c6", "#b3d3e8", "#f7f7f7", "#fdc98b", "#e6761b", "#7f3b08");
const SIGNED_DARK = stops("#9ecbff", "#3d8fd9", "#1b4a7a", "#161616", "#6e3c0c", "#d97a1f", "#ffc98a");

/** The colour at a place in [0, 1] of a palette, as [red, green, blue]. */
function at(palette, place) {
    const scaled = Math.max(0, Math.min(1, place)) * (palette.length - 1);
    const below = Math.min(Math.floor(scaled), palette.length - 2);
    return palette[below].map((from, channel) => Math.round(from + (palette[below + 1][channel] - from) * (scaled - below)));
}

export function probabilityColour(probability) {
    return at(PROBABILITY, probability);
}

export function lossColour(share) {
    return at(LOSS, share);
}

/** −1 is the strongest pull up, 1 the strongest pull down. */
export function signedColour(share, dark) {
    return at(dark ? SIGNED_DARK : SIGNED_LIGHT, (share + 1) / 2);
}

/** A palette as a CSS gradient, for a legend. */
export function legendOf(colour, from, to) {
    const steps = Array.from({ length: 13 }, (_, step) => colour(from + ((to - from) * step) / 12));
    return `linear-gradient(to right, ${steps.map((rgb) => `rgb(${rgb.join(" ")})`).join(", ")})`;
}

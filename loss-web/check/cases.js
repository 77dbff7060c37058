// Random pictures and expressions, from a seed.

/** Numbers in [0, 1): a linear congruential generator of 48 bits. */
export function randomFrom(seed) {
    let state = BigInt(seed) * 2654435761n + 11n;
    return () => {
        state = (state * 25214903917n + 11n) % (1n << 48n);
        return Number(state >> 16n) / 2 ** 32;
    };
}

/** Logits as networks have them, and some that they have not. */
function logit(random) {
    const kind = random();
    if (kind < 0.02) {
        return [0, 1e-30, -1e-42, 88.5, -103.9, 3e38, -3e38][Math.floor(7 * random())];
    }
    if (kind < 0.3) {
        return Math.round(80 * (random() - 0.5)) / 4;
    }
    return Math.fround((random() + random() + random() - 1.5) * (kind < 0.6 ? 8 : 30));
}

export function randomPicture(random) {
    const [width, height] = [1 + Math.floor(40 * random()), 1 + Math.floor(40 * random())];
    const share = [0, 0.02, 0.3, 0.5, 1][Math.floor(5 * random())];
    const pixels = width * height;
    return {
        width,
        logits: Array.from({ length: pixels }, () => Math.fround(logit(random))),
        truth: Array.from({ length: pixels }, () => (random() < share ? 1 : 0)),
    };
}

const PARAMETERS = {
    bce: ["pos_weight=3", "label_smoothing=0.1", "reduction=sum"],
    focal: ["gamma=1.5", "alpha=0.25", "gamma=3, alpha=0.75"],
    dice: ["smooth=1", "smooth=0", "overlap=squared"],
    iou: ["smooth=1"],
    tversky: ["alpha=0.3, beta=0.7", "alpha=0.3, beta=0.7, smooth=1"],
    focal_tversky: ["alpha=0.3, beta=0.7, gamma=0.75"],
};

/** Every loss of binary masks once, and so many sums of two or three. */
export function randomExpressions(losses, random, sums) {
    const binary = losses.filter((loss) => loss.group !== "classes");
    const pick = (of) => of[Math.floor(of.length * random())];
    const loss = ({ name }) => (name in PARAMETERS && random() < 0.7 ? `${name}(${pick(PARAMETERS[name])})` : name);
    const term = () => `${pick(["", `${(random() * 3).toFixed(3)} * `, `${(random() + 0.1).toExponential(4)} * `])}${loss(pick(binary))}`;
    const sum = () => Array.from({ length: 2 + Math.floor(2 * random()) }, term).join(pick([" + ", " - ", " + "]));
    return [...binary.map((listed) => listed.name), ...binary.map(loss), ...Array.from({ length: sums }, sum)];
}

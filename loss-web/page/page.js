// The page: its state, what changes it, and what is drawn of it.
import { DEFAULTS, addressOf, stateOf } from "./address.js";
import { legendOf, lossColour, probabilityColour, signedColour } from "./colours.js";
import { loadEngine } from "./engine.js";
import { PIXELS, SIDE, briefly, codeOf, exactly, logitOf, orderFrom } from "./numbers.js";
import { makePainter } from "./painter.js";
import { announce, find, make, showError, showList, showLoss, showSums, showValue } from "./panels.js";
import { PRESETS, SHARES, pictureOf } from "./pictures.js";
import { drawPlot } from "./plot.js";

const MOST_UNDONE = 50;

let ask;
let losses;
let state = { ...DEFAULTS };
let shown = null;
let dark = false;
const undone = [];
const painters = {};
/** The probability of each code, from the library. */
const probabilities = new Map();

const colourOfTruth = (value) => probabilityColour(value);
const request = (more) => ask({ picture: { width: SIDE, logits: Array.from(state.codes, logitOf), truth: Array.from(state.truth) }, ...more });

/** Calls `act` once, after `delay` milliseconds without another call. */
function later(delay, act) {
    let timer;
    return () => {
        clearTimeout(timer);
        timer = setTimeout(act, delay);
    };
}

const keepAddress = later(300, async () => history.replaceState(null, "", await addressOf(state)));
const speak = later(600, () => shown && announce(shown.now));

/** What the library says of expression and picture, drawn everywhere. */
function update() {
    drawPicture();
    const written = request({ ask: "evaluate", expression: state.loss });
    showError(written.error);
    keepAddress();
    // While an expression is being written, the last one that was right stays.
    const expression = written.error ? (shown?.expression ?? DEFAULTS.loss) : state.loss;
    const before = written.error ? request({ ask: "evaluate", expression }) : written;
    const order = orderFrom(state.order, PIXELS);
    const now = state.order === 0 ? before : request({ ask: "evaluate", expression, order });
    shown = { before, now, order, expression };
    showValue(now);
    showSums(now, before, state.order !== 0);
    drawMaps();
    drawOrder();
    pointSoon();
    speak();
}

/** At most once a frame, however many events there are. */
function oncePerFrame(act) {
    let waits = false;
    return () => {
        if (!waits) {
            waits = true;
            requestAnimationFrame(() => {
                waits = false;
                act();
            });
        }
    };
}
const soon = oncePerFrame(update);

function drawPicture() {
    painters.truth.draw((place) => colourOfTruth(state.truth[place]));
    painters.prediction.draw((place) => probabilityColour(probabilityOf(state.codes[place])));
    find("share-shown").textContent = `${briefly((100 * state.truth.reduce((sum, value) => sum + value, 0)) / PIXELS)} %`;
    find("undo").disabled = undone.length === 0;
}

/** The library's p of each code, asked for once. */
function probabilityOf(code) {
    return probabilities.get(code);
}

function drawMaps() {
    const { map, map_of, without_map, gradient } = shown.now;
    const extreme = (values, of) => values.reduce((found, value) => of(found, value), 0);
    const [least, most] = map ? [extreme(map, Math.min), extreme(map, Math.max)] : [0, 0];
    painters.map.draw((place) => (map ? lossColour(most > least ? (map[place] - least) / (most - least) : 0) : [128, 128, 128]));
    find("no-map").hidden = map !== null;
    const others = without_map.join(" and ");
    find("no-map").textContent = `${others} is computed from sums over all pixels, so no pixel has a loss of its own. It does have a gradient.`;
    find("map-of").textContent = map && others ? `The loss of a pixel is that of ${map_of} alone: ${others} is computed from sums over all pixels.` : "";
    find("map-least").textContent = map ? briefly(least) : "";
    find("map-most").textContent = map ? briefly(most) : "";

    const largest = extreme(gradient, (found, value) => Math.max(found, Math.abs(value)));
    const stretch = find("stretch").checked ? (share) => Math.sign(share) * Math.sqrt(Math.abs(share)) : (share) => share;
    painters.gradient.draw((place) => signedColour(largest > 0 ? stretch(gradient[place] / largest) : 0, dark));
    find("gradient-least").textContent = briefly(-largest);
    find("gradient-most").textContent = briefly(largest);
}

function drawOrder() {
    const draw = (id, colour) => {
        const canvas = find(id);
        canvas.width = canvas.height = SIDE;
        const context = canvas.getContext("2d");
        const image = context.createImageData(SIDE, SIDE);
        shown.order.forEach((from, place) => image.data.set([...colour(from), 255], 4 * place));
        context.putImageData(image, 0, 0);
    };
    draw("order-truth", (place) => colourOfTruth(state.truth[place]));
    draw("order-prediction", (place) => probabilityColour(probabilityOf(state.codes[place])));
    find("unshuffle").disabled = state.order === 0;
}

/** Marks the selected pixel everywhere, and says what it is. */
function pointAt() {
    const place = state.pixel;
    Object.values(painters).forEach((painter) => painter.mark(place));
    keepAddress();
    if (shown === null) {
        return;
    }
    const { map, gradient } = shown.now;
    const code = state.codes[place];
    const says = [
        `Pixel (${place % SIDE}, ${Math.floor(place / SIDE)}): truth ${state.truth[place] === 1 ? "foreground" : "background"}`,
        `logit ${exactly(logitOf(code))}`,
        `p = ${exactly(probabilityOf(code))}`,
        ...(map ? [`loss ${exactly(map[place])}`] : []),
        `∂L/∂logit = ${exactly(gradient[place])}`,
    ];
    find("pixel").replaceChildren(...says.map((item, index) => make("span", item + (index + 1 < says.length ? ", " : ""))));
    // A loss that ranks the pixels sorts them for each point of a curve.
    (shown.now.state === null ? drawCurvesLater : drawCurves)();
}

/** Draws the curves of the selected pixel. */
function drawCurves() {
    const curves = request({ ask: "curves", expression: shown.expression, pixel: state.pixel });
    if (curves.error) {
        return;
    }
    find("value-title").textContent = curves.value_of === "pixel" ? "Loss of this pixel" : "Loss of the whole picture";
    const plot = (id, of, label, y) =>
        drawPlot(find(id), {
            probabilities: curves.probabilities,
            foreground: curves.foreground[of],
            background: curves.background[of],
            point: { x: curves.probability, y, foreground: curves.truth },
            label,
        });
    plot("value-plot", "value", `${find("value-title").textContent} over p`, curves.value);
    plot("gradient-plot", "gradient", "Gradient of this pixel over p", curves.gradient);
}
const pointSoon = oncePerFrame(pointAt);
const drawCurvesLater = later(150, drawCurves);

/** Keeps the picture of now, to come back to. */
function remember() {
    undone.push({ truth: state.truth.slice(), codes: state.codes.slice(), painted: state.painted, preset: state.preset, share: state.share, seed: state.seed });
    undone.splice(0, undone.length - MOST_UNDONE);
}

function undo() {
    const before = undone.pop();
    if (before) {
        Object.assign(state, before);
        showControls();
        update();
    }
}

function fromPreset() {
    Object.assign(state, pictureOf(state.preset, state.share, state.seed), { painted: false });
}

/** The slider runs over the logarithm of the share: 0 is one pixel. */
const shareAt = (step) => SHARES.least * (SHARES.most / SHARES.least) ** (step / 100);
const stepOf = (share) => Math.round((100 * Math.log(share / SHARES.least)) / Math.log(SHARES.most / SHARES.least));

function showControls() {
    find("preset").value = state.preset;
    find("preset-about").textContent = PRESETS.find((preset) => preset.name === state.preset).about + (state.painted ? " You have painted on it." : "");
    find("share").value = stepOf(state.share);
    find("expression").value = state.loss;
    showBrush();
}

/** Says what the last loss is that is named in a text. */
function explain(text) {
    const written = text.toLowerCase().match(/[a-z_]\w*/g) ?? [];
    const named = written.map((name) => losses.find((loss) => loss.group !== "classes" && [loss.name, ...loss.aliases].includes(name)));
    const loss = named.filter(Boolean).at(-1);
    if (loss) {
        find("list").value = loss.name;
        showLoss(loss);
    }
}

function brush() {
    const value = Number(document.querySelector("input[name=brush]:checked").value);
    return { value, radius: (Number(find("size").value) - 1) / 2 + 0.3, sureness: Number(find("sure").value) };
}

function showBrush() {
    const { value, sureness } = brush();
    const code = codeOf(value === 1 ? sureness : -sureness);
    find("size-shown").textContent = find("size").value;
    find("sure-shown").textContent = `logit ${exactly(logitOf(code))}, p = ${briefly(probabilityOf(code))}`;
}

function paint(kind, places) {
    const { value, sureness } = brush();
    for (const place of places) {
        if (kind === "truth") {
            state.truth[place] = value;
        } else {
            state.codes[place] = codeOf(value === 1 ? sureness : -sureness);
        }
    }
    state.painted = true;
    soon();
}

function clear(kind) {
    remember();
    if (kind === "truth") {
        state.truth.fill(0);
    } else {
        state.codes.fill(codeOf(-brush().sureness));
    }
    state.painted = true;
    showControls();
    update();
}

function makePainters() {
    const onSelect = (place) => {
        state.pixel = place;
        pointSoon();
    };
    for (const kind of ["truth", "prediction"]) {
        painters[kind] = makePainter(find(kind), {
            onSelect,
            onBegin: remember,
            onStroke: (places) => paint(kind, places),
            onEnd: showControls,
            brush: () => brush().radius,
        });
    }
    for (const kind of ["map", "gradient"]) {
        painters[kind] = makePainter(find(kind), { onSelect });
    }
}

function listen() {
    const on = (id, event, act) => find(id).addEventListener(event, act);
    const picture = (change) => {
        remember();
        change();
        fromPreset();
        showControls();
        soon();
    };
    on("preset", "change", () => picture(() => (state.preset = find("preset").value)));
    on("again", "click", () => picture(() => (state.seed += 1)));
    on("share", "input", () => picture(() => (state.share = Number(shareAt(Number(find("share").value)).toPrecision(6)))));
    on("clear-truth", "click", () => clear("truth"));
    on("clear-prediction", "click", () => clear("prediction"));
    on("undo", "click", undo);
    document.addEventListener("keydown", (event) => {
        const writes = event.target instanceof HTMLInputElement && event.target.type === "text";
        if (event.key === "z" && (event.ctrlKey || event.metaKey) && !writes) {
            event.preventDefault();
            undo();
        }
    });
    for (const control of document.querySelectorAll(".brush input")) {
        control.addEventListener("input", showBrush);
    }
    on("stretch", "change", () => shown && drawMaps());

    const write = (text) => {
        find("expression").value = state.loss = text;
        soon();
    };
    on("list", "change", () => showLoss(losses.find((loss) => loss.name === find("list").value)));
    on("use", "click", () => write(find("list").value));
    on("add", "click", () => write(state.loss.trim() === "" ? find("list").value : `${state.loss.trim()} + ${find("list").value}`));
    on("expression", "input", () => {
        write(find("expression").value);
        explain(state.loss.slice(0, find("expression").selectionStart));
    });

    const shuffled = (order) => {
        state.order = order;
        update();
    };
    on("shuffle", "click", () => shuffled(state.order + 1));
    on("unshuffle", "click", () => {
        find("shuffle").focus();
        shuffled(0);
    });

    on("copy", "click", async () => {
        const address = location.href.replace(/#.*/, "") + (await addressOf(state));
        try {
            await navigator.clipboard.writeText(address);
            find("notice").textContent = "The link is copied.";
        } catch {
            history.replaceState(null, "", address);
            find("notice").textContent = "The browser does not let the page copy. The link stands in the address bar.";
        }
    });
    on("theme", "change", () => setTheme(find("theme").value));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawLegends);
    window.addEventListener("hashchange", open);
}

function setTheme(theme) {
    find("theme").value = theme;
    if (theme === "") {
        delete document.documentElement.dataset.theme;
    } else {
        document.documentElement.dataset.theme = theme;
    }
    try {
        localStorage.setItem("theme", theme);
    } catch {
        // Pages of a file, or private ones, may have no storage: the choice ends with the page.
    }
    drawLegends();
}

function storedTheme() {
    try {
        return localStorage.getItem("theme") ?? "";
    } catch {
        return "";
    }
}

function drawLegends() {
    const theme = document.documentElement.dataset.theme;
    dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    find("truth-legend").style.background = `linear-gradient(to right, ${[0, 1].map((value) => `rgb(${colourOfTruth(value)}) ${50 * value}% ${50 + 50 * value}%`)})`;
    find("prediction-legend").style.background = legendOf(probabilityColour, 0, 1);
    find("map-legend").style.background = legendOf(lossColour, 0, 1);
    find("gradient-legend").style.background = legendOf((share) => signedColour(share, dark), -1, 1);
    if (shown) {
        drawMaps();
    }
}

/** Takes the state from the address. */
async function open() {
    const { state: opened, wrong } = await stateOf(location.hash);
    state = opened;
    if (!state.painted) {
        fromPreset();
    }
    undone.length = 0;
    explain(state.loss.split("(")[0].split("+")[0]);
    find("notice").textContent = wrong.length === 0 ? "" : `The link has something that cannot be shown, and its default stands in its place: ${wrong.join(", ")}.`;
    showControls();
    update();
}

async function start() {
    ask = await loadEngine(globalThis.LOSS_WEB_MODULE);
    losses = ask({ ask: "losses" });
    const codes = Array.from({ length: 255 }, (_, index) => index - 127);
    const known = ask({ ask: "probabilities", logits: codes.map(logitOf) });
    codes.forEach((code, index) => probabilities.set(code, known[index]));

    find("preset").append(...PRESETS.map((preset) => make("option", preset.label, { value: preset.name })));
    showList(find("list"), losses);
    showLoss(losses[0]);
    makePainters();
    listen();
    setTheme(storedTheme());
    await open();
    // For tests: the page as it is shown.
    globalThis.lossWeb = { ask, state: () => state, ready: true };
}

start().catch((error) => {
    find("failure").hidden = false;
    find("failure").textContent = `The library did not start, so there are no numbers. It needs a browser with WebAssembly SIMD (Chrome 91, Firefox 113, Safari 16.4 or later). ${error}`;
});

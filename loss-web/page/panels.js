// What the page says of an answer: values, scores, the list of losses, sums.
import { briefly, exactly, inGroups, integerOf, rounded } from "./numbers.js";

export const find = (id) => document.getElementById(id);

/** An element with text or children. */
export function make(name, content = [], attributes = {}) {
    const made = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...[content].flat());
    return made;
}

const GROUPS = {
    pixels: "sums over pixels",
    sums: "functions of sums: overlap",
    ranking: "of the hardest pixels",
    distance: "with a distance map",
    classes: "of several classes (not on this page)",
};

/** The losses to choose from, in groups. */
export function showList(select, losses) {
    for (const [group, title] of Object.entries(GROUPS)) {
        const options = losses.filter((loss) => loss.group === group).map((loss) => make("option", loss.name, { value: loss.name }));
        select.append(make("optgroup", options, { label: title, ...(group === "classes" ? { disabled: "" } : {}) }));
    }
}

/** Formula, sentence, source and parameters of a loss. */
export function showLoss(loss) {
    find("loss-name").textContent = [loss.name, ...loss.aliases].join(", ");
    find("loss-formula").textContent = loss.formula;
    find("loss-description").textContent = loss.description;
    find("loss-source").textContent = loss.source;
    find("loss-parameters").replaceChildren(
        ...loss.parameters.map(({ name, default: preset, accepts, meaning }) => make("tr", [make("th", name, { scope: "row" }), make("td", preset), make("td", accepts), make("td", meaning)])),
    );
    find("loss-parameters").closest("table").hidden = loss.parameters.length === 0;
}

export function showValue({ expression, value, parts, soft, hard, pixels }) {
    find("value").textContent = exactly(value);
    find("value-of").textContent = expression;
    find("parts").replaceChildren(
        ...parts.map(({ coefficient, text, value: of }) =>
            make("tr", [
                make("th", text, { scope: "row" }),
                make("td", exactly(of), { "data-label": "value" }),
                make("td", exactly(coefficient), { "data-label": "coefficient" }),
                make("td", exactly(coefficient * of), { "data-label": "product" }),
            ]),
        ),
    );
    const confusion = { true_positive: "true positives", false_positive: "false positives", false_negative: "false negatives", true_negative: "true negatives" };
    const scores = { dice: "Dice (F1)", iou: "IoU", precision: "precision", recall: "recall", accuracy: "accuracy" };
    const row = (shown) => ([key, name]) =>
        make("tr", [make("th", name, { scope: "row" }), make("td", shown(hard[key]), { "data-hard": key }), make("td", shown(soft[key]), { "data-soft": key })]);
    find("confusion").replaceChildren(...Object.entries(confusion).map(row((sum) => (Number.isInteger(sum) ? String(sum) : sum.toFixed(4)))));
    find("scores").replaceChildren(...Object.entries(scores).map(row(rounded)));
    const support = hard.true_positive + hard.false_negative;
    find("support").textContent = `${support} of ${pixels} pixels are foreground (${briefly((100 * support) / pixels)} %).`;
}

/** One sentence for those who hear the page. */
export function announce({ expression, value, hard }) {
    find("announcement").textContent = `${expression} is ${briefly(value)}. Dice ${rounded(hard.dice)}, IoU ${rounded(hard.iou)}.`;
}

/** The sums in the order of now beside those in the order of rows. */
export function showSums(now, before, shuffled) {
    let [same, moved32, moved64] = [0, 0, 0];
    const moved = (after, first) => {
        const note = !shuffled ? "" : after === first ? "same" : `moved by ${briefly(after - first)}`;
        return make("small", note, { class: after === first ? "still" : "moved" });
    };
    const rows = now.sums.map((sum, index) => {
        const [first, integer] = [before.sums[index], integerOf(sum.digits)];
        const isSame = integer === integerOf(first.digits);
        same += isSame;
        moved32 += sum.in_f32 !== first.in_f32;
        moved64 += sum.in_f64 !== first.in_f64;
        const note = make("small", shuffled ? (isSame ? "same" : "moved") : "", { class: isSame ? "still" : "moved" });
        return make("tr", [
            make("th", sum.name, { scope: "row" }),
            make("td", [make("span", inGroups(integer), { class: "integer" }), note], { "data-label": "exact, × 2⁻⁶⁴" }),
            make("td", [make("span", exactly(sum.in_f32)), moved(sum.in_f32, first.in_f32)], { "data-label": "f32 loop" }),
            make("td", [make("span", exactly(sum.in_f64)), moved(sum.in_f64, first.in_f64)], { "data-label": "f64 loop" }),
        ]);
    });
    find("sums").replaceChildren(...rows);
    const count = now.sums.length;
    find("order").textContent = shuffled
        ? `Pixels in random order: ${same} of ${count} integers are the same, ${moved32} of ${count} f32 sums and ${moved64} of ${count} f64 sums moved.`
        : "Pixels row by row. Shuffle them to see which sums move.";
    const { state, fingerprint } = now;
    find("state").textContent = state === null ? "This loss ranks the pixels: it keeps them, and has no integers that add." : `[${state.join(", ")}]`;
    find("fingerprint").textContent = fingerprint;
}

/** What is wrong with an expression, or nothing. The lines with the caret do not wrap, or it would point elsewhere. */
export function showError(error) {
    const parts = [];
    for (const line of error?.split("\n") ?? []) {
        const isExcerpt = line.startsWith("  |");
        if (parts.length === 0 || parts.at(-1).isExcerpt !== isExcerpt) {
            parts.push({ isExcerpt, lines: [] });
        }
        parts.at(-1).lines.push(line);
    }
    const shown = find("expression-error");
    shown.hidden = error === undefined;
    // Each but the last ends its line, as in the text itself.
    shown.replaceChildren(
        ...parts.map(({ isExcerpt, lines }, index) =>
            make("span", lines.join("\n") + (index + 1 < parts.length ? "\n" : ""), isExcerpt ? { class: "excerpt", tabindex: "0" } : {}),
        ),
    );
    find("expression").setAttribute("aria-invalid", String(error !== undefined));
    find("expression").closest("main").toggleAttribute("data-stale", error !== undefined);
}

// A small chart: two curves over p, and a point.
import { briefly } from "./numbers.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 360;
const HEIGHT = 220;
const MARGIN = { left: 68, right: 14, top: 12, bottom: 42 };

function element(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    if (text !== undefined) {
        made.textContent = text;
    }
    return made;
}

/** Numbers that are easy to read, so many about, from the smallest to the largest. */
function ticks(smallest, largest, about) {
    const step = (largest - smallest) / about;
    const power = 10 ** Math.floor(Math.log10(step));
    const easy = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= step);
    const first = Math.ceil(smallest / easy);
    const count = Math.floor(largest / easy) - first;
    return Array.from({ length: count + 1 }, (_, index) => (first + index) * easy);
}

/** Draws `{ foreground, background }` over probabilities, and the point `{ x, y, foreground }`. */
export function drawPlot(svg, { probabilities, foreground, background, point, label }) {
    const values = [...foreground, ...background, point.y];
    let [smallest, largest] = [Math.min(...values), Math.max(...values)];
    if (!(largest > smallest)) {
        const room = Math.abs(largest) * 0.1 || 1;
        [smallest, largest] = [smallest - room, largest + room];
    }
    const room = 0.06 * (largest - smallest);
    const xAt = (p) => MARGIN.left + p * (WIDTH - MARGIN.left - MARGIN.right);
    const yAt = (value) => HEIGHT - MARGIN.bottom - ((value - smallest + room) / (largest - smallest + 2 * room)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
    const line = (curve) => curve.map((value, index) => `${index === 0 ? "M" : "L"}${xAt(probabilities[index]).toFixed(2)} ${yAt(value).toFixed(2)}`).join("");

    const axes = element("g", { class: "axes" });
    const marks = ticks(smallest, largest, 4);
    // Values that lie close together differ in late digits alone, which the axis must show.
    const distance = marks.length > 1 ? marks[1] - marks[0] : 1;
    const digits = Math.max(1, Math.ceil(Math.log10(Math.max(...marks.map(Math.abs)) / distance)) + 1);
    for (const tick of marks) {
        axes.append(element("line", { x1: MARGIN.left, x2: WIDTH - MARGIN.right, y1: yAt(tick), y2: yAt(tick), class: tick === 0 ? "zero" : "grid" }));
        const text = digits > 3 ? String(Number(tick.toPrecision(digits))).replace("-", "−") : briefly(Number(tick.toPrecision(3)));
        axes.append(element("text", { x: MARGIN.left - 6, y: yAt(tick) + 4, "text-anchor": "end", ...(text.length > 8 ? { textLength: 60, lengthAdjust: "spacingAndGlyphs" } : {}) }, text));
    }
    for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
        axes.append(element("text", { x: xAt(tick), y: HEIGHT - MARGIN.bottom + 18, "text-anchor": "middle" }, String(tick)));
    }
    axes.append(element("text", { x: xAt(0.5), y: HEIGHT - 4, "text-anchor": "middle" }, "p, the probability of this pixel"));

    // The point stays the same element, so that it can move.
    const old = svg.querySelector("circle");
    const circle = old ?? element("circle", { r: 6 });
    circle.setAttribute("class", point.foreground ? "foreground" : "background");
    circle.style.transform = `translate(${xAt(point.x)}px, ${yAt(point.y)}px)`;
    svg.querySelectorAll("g, path").forEach((part) => part.remove());
    svg.prepend(axes, element("path", { d: line(background), class: "background" }), element("path", { d: line(foreground), class: "foreground" }));
    if (old === null) {
        svg.append(circle);
    }
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("aria-label", `${label}; at p = ${briefly(point.x)} it is ${briefly(point.y)}`);
}

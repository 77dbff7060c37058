// A picture on the page: drawn, pointed at, and painted on by mouse, finger, pen or keyboard.
import { SIDE } from "./numbers.js";

/** Steps of the arrow keys. */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR = 8;

/**
 * Makes a canvas that shows one colour a pixel.
 *
 * `onSelect(place)` is called when another pixel is pointed at, `onStroke(places)` for each bit of a stroke, `onBegin()` before the first, and `onEnd()` after
 * the last. Without `onStroke` the picture can be looked at alone.
 */
export function makePainter(canvas, { onSelect, onBegin, onStroke, onEnd, brush }) {
    canvas.width = canvas.height = SIDE;
    const context = canvas.getContext("2d");
    const image = context.createImageData(SIDE, SIDE);
    const cursor = canvas.parentElement.querySelector(".cursor");
    let selected = [0, 0];
    let stroke = null;

    const placeOf = ([x, y]) => y * SIDE + x;
    const inside = (value) => Math.max(0, Math.min(SIDE - 1, value));
    const pixelAt = (event) => {
        const box = canvas.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top].map((distance, axis) =>
            inside(Math.floor((distance / (axis === 0 ? box.width : box.height)) * SIDE)),
        );
    };

    /** The places under the brush all along from one pixel to another. */
    function under([fromX, fromY], [toX, toY]) {
        const radius = brush?.() ?? 0.5;
        const steps = Math.max(1, Math.abs(toX - fromX), Math.abs(toY - fromY));
        const places = new Set();
        for (let step = 0; step <= steps; step++) {
            const [x, y] = [fromX + ((toX - fromX) * step) / steps, fromY + ((toY - fromY) * step) / steps].map(Math.round);
            const reach = Math.floor(radius);
            for (let dy = -reach; dy <= reach; dy++) {
                for (let dx = -reach; dx <= reach; dx++) {
                    const isInside = x + dx >= 0 && x + dx < SIDE && y + dy >= 0 && y + dy < SIDE;
                    if (isInside && Math.hypot(dx, dy) <= radius) {
                        places.add(placeOf([x + dx, y + dy]));
                    }
                }
            }
        }
        return places;
    }

    function select(pixel) {
        if (placeOf(pixel) !== placeOf(selected)) {
            selected = pixel;
            onSelect(placeOf(pixel));
        }
    }

    canvas.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) {
            return;
        }
        const pixel = pixelAt(event);
        select(pixel);
        if (onStroke) {
            canvas.setPointerCapture(event.pointerId);
            stroke = { pointer: event.pointerId, at: pixel };
            onBegin();
            onStroke(under(pixel, pixel));
        }
    });
    canvas.addEventListener("pointermove", (event) => {
        const pixel = pixelAt(event);
        select(pixel);
        if (stroke?.pointer === event.pointerId) {
            onStroke(under(stroke.at, pixel));
            stroke.at = pixel;
        }
    });
    const end = (event) => {
        if (stroke?.pointer === event.pointerId) {
            stroke = null;
            onEnd();
        }
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);

    // With the space bar held down, arrows draw.
    let down = false;
    canvas.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) {
            return;
        }
        const arrow = ARROWS[event.key];
        const draws = event.key === " " || event.key === "Enter";
        if (!arrow && !(draws && onStroke)) {
            return;
        }
        event.preventDefault();
        if (draws && !event.repeat) {
            down = event.key === " ";
            onBegin();
            onStroke(under(selected, selected));
            if (!down) {
                onEnd();
            }
        }
        if (arrow) {
            const from = selected;
            const length = event.shiftKey ? FAR : 1;
            select([inside(from[0] + length * arrow[0]), inside(from[1] + length * arrow[1])]);
            if (down) {
                onStroke(under(from, selected));
            }
        }
    });
    const lift = () => {
        if (down) {
            down = false;
            onEnd();
        }
    };
    canvas.addEventListener("keyup", (event) => event.key === " " && lift());
    canvas.addEventListener("blur", lift);

    return {
        /** Shows `colour(place)`, [red, green, blue], at every place. */
        draw(colour) {
            for (let place = 0; place < SIDE * SIDE; place++) {
                const [red, green, blue] = colour(place);
                image.data.set([red, green, blue, 255], 4 * place);
            }
            context.putImageData(image, 0, 0);
        },
        /** Shows where the selected pixel is. */
        mark(place) {
            selected = [place % SIDE, Math.floor(place / SIDE)];
            cursor.style.left = `${((selected[0] + 0.5) / SIDE) * 100}%`;
            cursor.style.top = `${((selected[1] + 0.5) / SIDE) * 100}%`;
        },
    };
}

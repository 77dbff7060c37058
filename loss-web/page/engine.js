// The WebAssembly module: loaded once, asked in JSON.

/** The bytes of text in base64. */
function bytesOf(base64) {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** What a stream of bytes becomes after `transform`. */
export async function through(bytes, transform) {
    const stream = new Blob([bytes]).stream().pipeThrough(transform);
    return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The module, compressed by gzip in base64, as a function that answers requests. */
export async function loadEngine(base64) {
    const bytes = await through(bytesOf(base64), new DecompressionStream("gzip"));
    const { instance } = await WebAssembly.instantiate(bytes);
    const { memory, request, answer, answer_start } = instance.exports;
    const encoder = new TextEncoder();
    const decoder = new TextDecoder();
    return (question) => {
        const text = encoder.encode(JSON.stringify(question));
        const start = request(text.length);
        // The memory may have grown, which makes older views of it useless.
        new Uint8Array(memory.buffer, start, text.length).set(text);
        const length = answer();
        return JSON.parse(decoder.decode(new Uint8Array(memory.buffer, answer_start(), length)));
    };
}

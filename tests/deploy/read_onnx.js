// read_onnx.js: what ONNX Runtime gives for images: all outputs of the model.
//
// usage: node read_onnx.js NET.onnx IMAGES C H W BATCH OUT       NODE_PATH: where onnxruntime-node is
const fs = require("fs");
const ort = require("onnxruntime-node");

async function main([model, images, c, h, w, batch, out]) {
    const bytes = fs.readFileSync(images);
    const [count, size] = [bytes.readInt32LE(0), bytes.readInt32LE(4)];
    const x = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 8, bytes.byteOffset + 8 + 4 * count * size));
    const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
    const values = [];
    for (let first = 0; first < count; first += Number(batch)) {
        const n = Math.min(Number(batch), count - first);
        const input = new ort.Tensor("float32", x.slice(first * size, (first + n) * size), [n, Number(c), Number(h), Number(w)]);
        const outputs = await session.run({ [session.inputNames[0]]: input });
        for (let i = 0; i < n; ++i) {
            for (const name of session.outputNames) {
                const one = outputs[name].data.length / n;
                values.push(outputs[name].data.slice(i * one, (i + 1) * one));
            }
        }
    }
    const all = values.reduce((sum, part) => sum + part.length, 0);
    const header = Buffer.alloc(8);
    header.writeInt32LE(count, 0);
    header.writeInt32LE(all / count, 4);
    fs.writeFileSync(out, Buffer.concat([header, ...values.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))]));
}

main(process.argv.slice(2)).catch((error) => {
    console.error(error.message);
    process.exit(1);
});

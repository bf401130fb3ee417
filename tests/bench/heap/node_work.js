// Work for Node.js: JSON, buffers, hashes and compression, in this thread and in the pool.
'use strict';
const { createHash } = require('crypto');
const zlib = require('zlib');
const { promisify } = require('util');

const TURNS = Number(process.argv[2] || 3);
const gzip = promisify(zlib.gzip);

function documents(count) {
  return Array.from({ length: count }, (_, i) => ({
    id: i, name: `customer ${i % 97}`, tags: ['new', `zone-${i % 13}`], position: { x: i * 0.5, y: [i, -i] },
  }));
}

function throughJson(turns) {
  const source = documents(1500);
  let length = 0;
  for (let i = 0; i < turns; i++) length += JSON.parse(JSON.stringify(source)).length;
  return length;
}

function throughBuffers(turns) {
  const kept = new Array(300);
  let sum = 0;
  for (let i = 0; i < turns; i++) {
    const buffer = Buffer.alloc(128 + (i * 6151) % 30000, 1);
    kept[i % kept.length] = buffer;
    sum += buffer[buffer.length - 1];
    if (i % 4 === 0) sum += createHash('sha256').update(buffer).digest()[0];
  }
  return sum;
}

function throughZlib(turns, text) {
  let length = 0;
  for (let i = 0; i < turns; i++) length += zlib.inflateSync(zlib.deflateSync(text, { level: 1 })).length;
  return length;
}

async function main() {
  const text = Buffer.from(JSON.stringify(documents(600)));
  for (let turn = 0; turn < TURNS; turn++) {
    throughJson(12);
    throughBuffers(12000);
    throughZlib(25, text);
    await Promise.all(Array.from({ length: 30 }, () => gzip(text, { level: 1 })));
  }
}

main();

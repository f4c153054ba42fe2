/**
 * An exporter as one is written with prom-client: a gauge or counter for each family, given its values at every scrape.
 * Its series and values are those of a text that somebody else wrote.
 *
 *   node prom-client-exporter.mjs <file with the text> <port>
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Counter, Gauge, Registry } from 'prom-client';
import { parseText } from './exposition-text.mjs';

const [path = '', port = ''] = process.argv.slice(2);
/** As the agent compresses. */
const GZIP_LEVEL = 1;

const registry = new Registry();
const updates = parseText(readFileSync(path, 'utf8')).flatMap(({ name, type, help, samples }) => {
  const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
  const options = { name, help, labelNames, registers: [registry] };
  if (type === 'gauge') {
    const gauge = new Gauge(options);
    return [
      () => {
        for (const { labels, value } of samples) gauge.set(labels, value);
      },
    ];
  }
  if (type === 'counter') {
    const counter = new Counter(options);
    return [
      () => {
        counter.reset();
        for (const { labels, value } of samples) counter.inc(labels, value);
      },
    ];
  }
  // Parts of a histogram cannot be given: it would have to observe what was observed.
  throw new Error(`${name} is a ${type}; leave it out of the text`);
});

const compress = promisify(gzip);
createServer((request, response) => {
  for (const update of updates) update();
  void registry.metrics().then(async (text) => {
    const compressed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    const body = compressed ? await compress(text, { level: GZIP_LEVEL }) : Buffer.from(text);
    response.writeHead(200, {
      'content-type': registry.contentType,
      'content-length': body.length,
      ...(compressed ? { 'content-encoding': 'gzip' } : {}),
    });
    response.end(body);
  });
}).listen(Number(port), '127.0.0.1');

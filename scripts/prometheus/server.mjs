/** A real Prometheus over agents, on loopback, with its data in a folder of ours. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../child.mjs';
import { running } from './running.mjs';

const START_MILLISECONDS = 30_000;

/** @returns {Promise<number>} a port nobody listens on now */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * @typedef {object} Sample
 * @property {Readonly<Record<string, string>>} metric labels, with the name as `__name__`
 * @property {readonly [number, string]} value Unix seconds, and the value as Prometheus writes it
 */

/**
 * Starts Prometheus; it scrapes each target once a second and labels it with its scenario.
 * @param {string} program
 * @param {string} folder
 * @param {readonly { scenario: string, address: string }[]} targets
 */
export async function startPrometheus(program, folder, targets) {
  const config = join(folder, 'prometheus.yml');
  const job = {
    job_name: 'agents',
    static_configs: targets.map(({ scenario, address }) => ({ targets: [address], labels: { scenario } })),
  };
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({ global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: [job] }),
  );
  const port = await freePort();
  const server = running(program, [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=info',
  ]);
  /** @param {string} path */
  const get = async (path) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    const text = await answer.text();
    if (!answer.ok) throw new Failure(`Prometheus answered ${answer.status} for ${path}`, text);
    return JSON.parse(text).data;
  };
  const end = performance.now() + START_MILLISECONDS;
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) break;
    if (server.hasEnded() || performance.now() > end) {
      server.kill();
      throw new Failure('Prometheus did not start', server.log());
    }
    await sleep(100);
  }
  return {
    /** @param {string} expression @returns {Promise<readonly Sample[]>} */
    query: async (expression) => (await get(`/api/v1/query?query=${encodeURIComponent(expression)}`)).result,
    /** Type, help and unit by family. */
    metadata: () => get('/api/v1/metadata'),
    /** What it logged as a warning or an error. */
    complaints: () =>
      server
        .log()
        .split('\n')
        .filter((line) => /level=(?:warn|error)/.test(line)),
    stop: server.stop,
  };
}

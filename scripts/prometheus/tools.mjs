/** Prometheus' own programs and parser, fetched by name into out/tools where the machine has none. */
import { join } from 'node:path';
import { mustRun, runChild } from '../child.mjs';
import { unpackedDebianPackage } from '../debian-package.mjs';
import { inRoot } from '../layout.mjs';

/** The parser's version: another one may be stricter, and then says so on the day somebody raises this. */
const pythonClient = 'prometheus_client==0.26.0';

/** @returns {Promise<string>} a Python that has Prometheus' client library, with its strict OpenMetrics parser */
export async function pythonWithClient() {
  const environment = inRoot('out', 'tools', 'openmetrics');
  const python = join(environment, 'bin', 'python3');
  if ((await runChild(python, ['-c', 'import prometheus_client'])).code !== 0) {
    await mustRun('making a Python environment', 'python3', ['-m', 'venv', '--clear', environment]);
    await mustRun('installing the OpenMetrics parser', python, ['-m', 'pip', 'install', '--quiet', pythonClient], {
      timeoutSeconds: 300,
    });
  }
  return python;
}

/**
 * A program of Prometheus: this machine's, or the one of Debian's package.
 * @param {'prometheus' | 'promtool'} program
 * @returns {Promise<string>}
 */
export async function prometheusProgram(program) {
  if ((await runChild(program, ['--version'])).code === 0) return program;
  return join(await unpackedDebianPackage('prometheus', 'main'), 'usr', 'bin', program);
}

import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { NodeStateSource } from '../../model/node-state.js';
import { closed, maybe, text } from '../documents/words.js';
import { Problem } from '../problem.js';
import { isReady } from '../readiness.js';
import { problems } from '../responses.js';

const Alive = closed({ status: Type.Literal('ok') });
const Ready = closed({
  status: Type.Literal('ready'),
  driver: text('State of the driver; anything may be ready.'),
  simulated: maybe(Type.String()),
});

/** `GET /healthz` and `/readyz`, each also under the name Prometheus has for it. */
export function healthRoutes(app: FastifyInstance, source: NodeStateSource): void {
  for (const [path, operationId] of [
    ['/healthz', 'getHealth'],
    ['/-/healthy', 'getHealthAlias'],
  ] as const) {
    const schema = {
      operationId,
      summary: 'Says that the agent turns; nothing about GPUs',
      response: { 200: { ...Alive, description: 'It turns.' } },
    };
    app.get(path, { schema }, async () => ({ status: 'ok' }));
  }
  for (const [path, operationId] of [
    ['/readyz', 'getReadiness'],
    ['/-/ready', 'getReadinessAlias'],
  ] as const) {
    const schema = {
      operationId,
      summary: 'Says that the first attempt to read is over, with or without a driver',
      response: { 200: { ...Ready, description: 'It is over.' }, ...problems('not_ready') },
    };
    app.get(path, { schema }, async () => {
      const { driver, simulated, sampling } = source.current();
      if (!isReady(source.current())) {
        throw new Problem('not_ready', sampling.reason ?? 'The driver is being asked for the first time.');
      }
      return { status: 'ready', driver: driver.state, simulated };
    });
  }
}

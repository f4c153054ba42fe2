import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { NodeStateSource } from '../../model/node-state.js';
import { barWidthRules } from '../../web/bar-width.js';
import icon from '../../web/icon.svg';
import script from '../../web/page.client.js';
import styles from '../../web/page.css';
import { renderPage } from '../../web/page.js';
import { nodeView } from '../documents/node.js';

/** The three files the page asks for; they are part of the program. */
const FILES = [
  {
    path: '/page.css',
    type: 'text/css; charset=utf-8',
    text: `${styles}${barWidthRules()}`,
    operationId: 'getPageStyles',
  },
  { path: '/page.js', type: 'text/javascript; charset=utf-8', text: script, operationId: 'getPageScript' },
  { path: '/icon.svg', type: 'image/svg+xml', text: icon, operationId: 'getPageIcon' },
] as const;

/** `GET /`: the status page, and the files it asks for. */
export function pageRoutes(app: FastifyInstance, source: NodeStateSource, telemetryPath: string): void {
  const schema = {
    operationId: 'getPage',
    summary: 'Status page for people',
    response: { 200: { description: 'The page.', content: { 'text/html': { schema: Type.String() } } } },
  };
  app.get('/', { schema }, async (_request, reply) => {
    const page = renderPage(nodeView(source.current()), { hostname: hostname(), telemetryPath });
    return reply.type('text/html; charset=utf-8').send(page);
  });
  for (const { path, type, text, operationId } of FILES) {
    const content = { [type.split(';', 1)[0] as string]: { schema: Type.String() } };
    const file = { operationId, summary: 'Part of the page', response: { 200: { description: 'The file.', content } } };
    app.get(path, { schema: file }, async (_request, reply) =>
      reply.type(type).header('cache-control', 'public, max-age=300').send(text),
    );
  }
}

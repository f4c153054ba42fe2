import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { type EventHistory, findRemembered } from '../../model/event.js';
import type { NodeStateSource } from '../../model/node-state.js';
import { EventDocument } from '../documents/event.js';
import { closed, integer, maybe, named, number, text } from '../documents/words.js';
import { aboutList, QUERY_KEYS, USUAL_ROWS } from '../list.js';
import { problems } from '../responses.js';

const EventList = closed(
  {
    ...aboutList,
    keptSinceUnixSeconds: number('From this Unix time on nothing was forgotten.'),
    lost: integer('Events since the start of the agent that came faster than they were read: nobody knows them.'),
    events: Type.Array(named(EventDocument)),
  },
  { description: 'What the driver announced, newest first.' },
);
const EventQuery = closed({
  since: maybe(Type.Number({ minimum: 0, description: 'Only events at this Unix time, in seconds, or later.' })),
  kind: maybe(text('Only events of this kind, such as xid.')),
  gpu: maybe(text('Only of this GPU, also of one that is gone: index, UUID or a start of it, PCI address.')),
  code: maybe(Type.Integer({ minimum: 0, description: 'Only events of this number: XIDs.' })),
  limit: QUERY_KEYS.limit,
});

/** `GET /api/v1/events`. */
export function eventRoute(app: FastifyInstance, source: NodeStateSource, history: EventHistory): void {
  app.get<{ Querystring: Static<typeof EventQuery> }>(
    '/api/v1/events',
    {
      schema: {
        operationId: 'listEvents',
        summary: 'XIDs and other events the driver announced',
        querystring: EventQuery,
        response: { 200: EventList, ...problems('request_invalid', 'too_many_requests') },
      },
    },
    async ({ query: { since, kind, gpu, code, limit = USUAL_ROWS } }) => {
      const { total, keptSinceUnixSeconds, events } = await history.find({
        sinceUnixSeconds: since,
        kind,
        gpu,
        code,
        limit,
      });
      const { atUnixSeconds, simulated, eventsLost } = source.current();
      return { atUnixSeconds, simulated, total, keptSinceUnixSeconds, lost: eventsLost, events };
    },
  );
}

/** What the agent remembers since its start. */
export function rememberedEvents(source: NodeStateSource): EventHistory {
  return { find: async (query) => findRemembered(source.current(), query) };
}

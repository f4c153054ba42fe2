import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { ControlActions } from '../../model/control.js';
import {
  ForgetDocument,
  ForgetRequest,
  HoldersDocument,
  HoldersQuery,
  ReleaseDocument,
  ReleaseRequest,
  ResumeDocument,
  ResumeRequest,
} from '../documents/control.js';
import { problems } from '../responses.js';

/** `POST /v1/release`, `/v1/resume` and `/v1/forget`, and `GET /v1/holders`: on the control socket only. */
export function controlRoutes(app: FastifyInstance, control: ControlActions): void {
  app.post<{ Body: Static<typeof ReleaseRequest> }>(
    '/v1/release',
    {
      schema: {
        operationId: 'release',
        summary: 'Lets go of every device node of a GPU, or of all',
        body: ReleaseRequest,
        response: { 200: ReleaseDocument, ...problems('request_invalid', 'gpu_unknown', 'busy', 'unavailable') },
      },
    },
    async ({ body, log }) => {
      const result = await control.release(body);
      log.info({ gpu: result.gpu, free: result.free, until: result.untilUnixSeconds }, 'released on request');
      return result;
    },
  );
  app.post<{ Body: Static<typeof ResumeRequest> }>(
    '/v1/resume',
    {
      schema: {
        operationId: 'resume',
        summary: 'Takes released GPUs up again',
        body: ResumeRequest,
        response: {
          200: ResumeDocument,
          ...problems('request_invalid', 'gpu_unknown', 'not_released', 'busy', 'unavailable'),
        },
      },
    },
    async ({ body, log }) => {
      const result = await control.resume(body);
      log.info({ resumed: result.resumed }, 'taken up again on request');
      return result;
    },
  );
  app.post<{ Body: Static<typeof ForgetRequest> }>(
    '/v1/forget',
    {
      schema: {
        operationId: 'forget',
        summary: 'Takes a GPU that is gone for good out of the baseline',
        body: ForgetRequest,
        response: { 200: ForgetDocument, ...problems('request_invalid', 'gpu_unknown', 'busy') },
      },
    },
    async ({ body, log }) => {
      const result = await control.forget(body.gpu);
      log.info({ gpu: result.uuid, busId: result.busId }, 'taken out of the baseline on request');
      return result;
    },
  );
  app.get<{ Querystring: Static<typeof HoldersQuery> }>(
    '/v1/holders',
    {
      schema: {
        operationId: 'listHolders',
        summary: 'Processes that have a device node of a GPU open',
        querystring: HoldersQuery,
        response: { 200: HoldersDocument, ...problems('request_invalid', 'gpu_unknown', 'unavailable') },
      },
    },
    async ({ query }) => ({ holders: await control.holders(query.gpu) }),
  );
}

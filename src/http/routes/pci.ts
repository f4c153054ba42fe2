import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { NodeStateSource } from '../../model/node-state.js';
import { inventoryOf } from '../../model/pci-inventory.js';
import { InventoryDocument } from '../documents/pci.js';
import { closed, maybe, named, text } from '../documents/words.js';
import { aboutList, listHead, QUERY_KEYS, rowsOfGpu, USUAL_ROWS } from '../list.js';
import { problems } from '../responses.js';

const PciList = closed(
  { ...aboutList, functions: Type.Array(named(InventoryDocument)) },
  { description: 'NVIDIA display and 3D functions on the PCI bus, by address, whether or not the driver sees them.' },
);
const PciQuery = closed({
  gpu: QUERY_KEYS.gpu,
  driver: maybe(text('Only functions of this kernel driver; none = those without one.')),
  virtual: maybe(Type.Boolean({ description: 'Only virtual functions, or only those that are none.' })),
  reported: maybe(Type.Boolean({ description: 'Only functions that NVML reports as a GPU, or only the others.' })),
  limit: QUERY_KEYS.limit,
});

/** What stands for a function that no driver has. */
const NO_DRIVER = 'none';

/** `GET /api/v1/pci`. */
export function pciRoute(app: FastifyInstance, source: NodeStateSource): void {
  app.get<{ Querystring: Static<typeof PciQuery> }>(
    '/api/v1/pci',
    {
      schema: {
        operationId: 'listPci',
        summary: 'Functions on the PCI bus, also those that NVML cannot see',
        querystring: PciQuery,
        response: { 200: PciList, ...problems('request_invalid', 'gpu_unknown', 'too_many_requests') },
      },
    },
    async ({ query: { gpu, driver, virtual, reported, limit = USUAL_ROWS } }) => {
      const state = source.current();
      const isOfGpu = rowsOfGpu(state, gpu);
      const fitting = inventoryOf(state).filter(
        (one) =>
          isOfGpu({ ...one, pciBusId: one.virtualFunctionOf ?? one.busId }) &&
          (driver === undefined || (one.driver ?? NO_DRIVER) === driver) &&
          (virtual === undefined || (one.virtualFunctionOf !== undefined) === virtual) &&
          (reported === undefined || (one.gpuIndex !== undefined) === reported),
      );
      return { ...listHead(state, fitting), functions: fitting.slice(0, limit) };
    },
  );
}

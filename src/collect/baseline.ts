import type { Sighting } from '../model/baseline.js';
import type { Gpu } from '../model/gpu.js';
import type { PciFunction } from '../model/pci.js';

/**
 * What a baseline learns from: GPUs that answered in their last cycle and have told who they are. One that is stuck,
 * lost or stale says nothing new of itself.
 */
export function sightingsOf(gpus: readonly Gpu[], pci: readonly PciFunction[]): readonly Sighting[] {
  const byBusId = new Map(pci.map((one) => [one.busId, one]));
  return gpus.flatMap((gpu): readonly Sighting[] => {
    if (gpu.condition !== 'up' || gpu.uuid === undefined) return [];
    const { readings } = gpu;
    const onBus = gpu.pciBusId === undefined ? undefined : byBusId.get(gpu.pciBusId);
    return [
      {
        uuid: gpu.uuid,
        busId: gpu.pciBusId,
        serial: gpu.serial,
        name: gpu.name,
        linkWidthLanes: readings.get('pcie_link_width_lanes') ?? onBus?.link?.widthLanes,
        linkGenerationMax: readings.get('pcie_link_generation_max'),
        barSizesBytes: Object.fromEntries((onBus?.bars ?? []).map(({ index, sizeBytes }) => [index, sizeBytes])),
        nvlinks: readings.get('nvlink_links'),
      },
    ];
  });
}

/** Everything an agent says of a GPU, by path, as test/sweep/snapshot.h spells them. */
import type { Gpu } from '../../../src/model/gpu.js';
import type { NodeState } from '../../../src/model/node-state.js';
import type { Readings } from '../../../src/model/readings.js';

/** By path: `power_watts`, `text/uuid`, `fan/0/speed_ratio`. What is absent has no entry. */
export type View = ReadonlyMap<string, number | string>;

const TEXTS = {
  uuid: 'uuid',
  name: 'name',
  serial: 'serial',
  pci_bus_id: 'pciBusId',
  vbios_version: 'vbiosVersion',
  board_part_number: 'boardPartNumber',
  inforom_image_version: 'inforomImageVersion',
  gsp_firmware_version: 'gspFirmwareVersion',
  fabric_cluster_uuid: 'fabricClusterUuid',
  platform_chassis_serial: 'platformChassisSerial',
} as const satisfies Record<string, keyof Gpu>;

class ViewBuilder {
  readonly paths = new Map<string, number | string>();

  add(path: string, value: number | string | undefined): void {
    if (value !== undefined && value !== '') this.paths.set(path, value);
  }

  readings<Id extends string>(prefix: string, { table, status, values }: Readings<Id>): void {
    table.rows.forEach(({ id }, index) => {
      if (status[index] === 0) this.add(prefix + id, values[index]);
    });
  }
}

/** What is said of one GPU. */
export function viewOfGpu(gpu: Gpu): View {
  const view = new ViewBuilder();
  view.readings('', gpu.readings);
  for (const [path, key] of Object.entries(TEXTS)) view.add(`text/${path}`, gpu[key]);
  for (const mig of gpu.migInstances) {
    const path = `mig/${mig.uuid}`;
    view.add(path, 1);
    view.add(`${path}/text/name`, mig.name);
    if (mig.gpuInstance !== undefined) view.add(`${path}/ids`, `${mig.gpuInstance}/${mig.computeInstance}`);
    view.readings(`${path}/`, mig.readings);
  }
  for (const profile of gpu.migProfiles) {
    view.add(`profile/${profile.id}`, profile.memoryBytes);
    view.add(`profile/${profile.id}/text/name`, profile.name);
    view.add(`profile/${profile.id}/available`, profile.available);
  }
  for (const { link, remotePciBusId, readings } of gpu.links) {
    view.add(`link/${link}`, 1);
    view.add(`link/${link}/text/remote_pci_bus_id`, remotePciBusId);
    view.readings(`link/${link}/`, readings);
  }
  for (const { link, readings } of gpu.c2cLinks) {
    view.add(`c2c/${link}`, 1);
    view.readings(`c2c/${link}/`, readings);
  }
  for (const { fan, readings } of gpu.fans) {
    view.add(`fan/${fan}`, 1);
    view.readings(`fan/${fan}/`, readings);
  }
  for (const process of gpu.processes) view.add(`process/${process.type}/${process.pid}`, process.usedMemoryBytes ?? 0);
  for (const use of gpu.processUses) view.add(`use/${use.pid}`, use.smRatio ?? 0);
  return view.paths;
}

/** What is said of the driver and of the node as a whole. */
export function viewOfDriver({ driver }: NodeState): View {
  const view = new ViewBuilder();
  view.add('text/driver_version', driver.driverVersion);
  view.add('text/nvml_version', driver.nvmlVersion);
  view.add('text/cuda_version', driver.cudaVersion);
  view.readings('', driver.readings);
  return view.paths;
}

/** The path that all parts of a kind have in common. */
export function kindOf(path: string): string {
  const [first, , ...rest] = path.split('/');
  if (rest.length === 0 && (first === 'text' || !path.includes('/'))) return path;
  if (first === 'process') return `process/${path.split('/')[1]}/*`;
  return [first, '*', ...rest].join('/');
}

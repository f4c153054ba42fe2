import type { NodeState } from '../model/node-state.js';

type Shape = Pick<NodeState, 'driver' | 'gpus' | 'partitions' | 'workloads' | 'pci' | 'simulated' | 'hami'>;

/** All names and labels that series can carry, as one text: when it changes, outputs compile anew. */
function shapeText({ driver, gpus, partitions, workloads, pci, simulated, hami }: Shape): string {
  return JSON.stringify([
    [
      driver.driverVersion,
      driver.nvmlVersion,
      driver.cudaVersion,
      driver.kernelModule,
      driver.libraryPath,
      driver.state,
      simulated,
    ],
    gpus.map((gpu) => [
      gpu.index,
      gpu.uuid,
      gpu.name,
      gpu.serial,
      gpu.pciBusId,
      gpu.vbiosVersion,
      gpu.boardPartNumber,
      gpu.inforomImageVersion,
      gpu.gspFirmwareVersion,
      gpu.migInstances.map((one) => [one.uuid, one.gpuInstance, one.computeInstance, one.profile, one.name]),
      gpu.xids.map((one) => [one.xid, one.source]),
      Object.keys(gpu.eventCounts),
    ]),
    partitions.map((one) => [one.id, one.kind, one.profile, one.workloads, one.share?.layout]),
    workloads.map((one) => [one.id, one.name, one.namespace, one.pod, one.container]),
    pci.map((one) => [one.busId, one.deviceId, one.driver, one.virtualFunctionOf]),
    Object.keys(hami?.refusedByReason ?? {}),
  ]);
}

/** Numbers the shapes of a node: the number grows whenever the set of series can change. */
export class Topology {
  private text = '';
  private number = 0;

  versionOf(shape: Shape): number {
    const text = shapeText(shape);
    if (text !== this.text) {
      this.text = text;
      this.number++;
    }
    return this.number;
  }
}

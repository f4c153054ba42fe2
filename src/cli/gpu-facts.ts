import type { GpuView, NodeView } from '../http/documents/node.js';

/** The model without the maker's name, which every line would repeat. */
export function shortName(gpu: GpuView): string | undefined {
  return gpu.name?.replace(/^NVIDIA\s+/, '');
}

/** As much of a node, or of its document, as says what the driver is. */
export interface DriverFacts {
  readonly driver: {
    readonly state: NodeView['driver']['state'];
    readonly driverVersion?: string | undefined;
    readonly kernelModule?: string | undefined;
    readonly cudaVersion?: string | undefined;
    readonly message?: string | undefined;
  };
  readonly gpus: readonly unknown[];
  readonly sampling: {
    readonly stuckCalls: readonly { readonly lane: string; readonly verdict: string; readonly function: string }[];
  };
}

/** The driver in a few words. */
export function driverText({ driver, gpus, sampling }: DriverFacts): string {
  const count = `${gpus.length} GPU${gpus.length === 1 ? '' : 's'}`;
  switch (driver.state) {
    case 'initialized': {
      const cuda = driver.cudaVersion === undefined ? [] : [`CUDA ${driver.cudaVersion}`];
      const module = driver.kernelModule === undefined ? [] : [`${driver.kernelModule} kernel module`];
      return [`driver ${driver.driverVersion ?? 'of unknown version'}`, ...module, ...cuda, count].join(' · ');
    }
    case 'unknown':
      return 'nobody asks the driver: no sampler is running';
    case 'starting': {
      const hung = sampling.stuckCalls.find(({ lane, verdict }) => lane === 'control' && verdict === 'stuck');
      if (hung !== undefined) return `the driver does not answer: ${hung.function} hangs`;
      return 'the driver is being asked for the first time';
    }
    case 'library_missing':
      return 'no NVIDIA driver: its library is not there';
    case 'not_loaded':
      return 'the NVIDIA library is there, the kernel driver is not loaded';
    case 'mismatch':
      return 'library and kernel driver are of different versions';
    case 'failed':
      return 'the driver refused to start';
    case 'unused':
      return driver.message ?? 'the driver is left alone';
  }
}

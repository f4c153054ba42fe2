import type { PciFunctionView } from '../http/documents/pci.js';
import { type InventoryRow, inventoryOf } from '../model/pci-inventory.js';
import { bytesText, UNKNOWN } from '../model/quantity.js';
import { askNode } from './ask.js';
import { type Command, EXIT } from './command.js';
import { emptyList, listHeading } from './heading.js';
import { type Column, table } from './table.js';

type Row = PciFunctionView & Pick<InventoryRow, 'gpuIndex' | 'gpuUuid' | 'unseen' | 'partitions' | 'workloads'>;

/** `gpu-node-agent pci` */
export const pci: Command = {
  name: 'pci',
  summary: 'NVIDIA functions on the PCI bus, also those that the driver cannot see',
  operands: '',
  operandCount: [0, 0],
  flags: [],
  details: [
    'Asks the running agent; without one the bus is read once. Reads /sys alone: it needs neither root nor a driver.',
    'ERRORS are the corrected, non-fatal and fatal ones that the kernel counted since the device was found.',
    'A suspended device is left asleep: its link and its errors are not read.',
  ],
  async run(invocation) {
    const told = await askNode(invocation);
    const { node } = told;
    const rows = inventoryOf(node);
    if (invocation.json) {
      invocation.printJson({ atUnixSeconds: node.atUnixSeconds, simulated: node.simulated, functions: rows });
      return EXIT.ok;
    }
    const off = node.switchedOff.includes('pci') ? emptyList(told, 'functions', 'pci') : undefined;
    const list =
      rows.length > 0
        ? table(columns(rows, node.workloads), rows, invocation.columns, invocation.paint)
        : [off ?? 'No NVIDIA display or 3D functions on the PCI bus.'];
    invocation.print(...listHeading(told, invocation.paint), ...list);
    return EXIT.ok;
  },
};

function columns(
  rows: readonly Row[],
  workloads: readonly { readonly id: string; readonly name: string }[],
): Column<Row>[] {
  const virtual = rows.some(
    ({ virtualFunctionsMax, virtualFunctionOf }) => (virtualFunctionsMax ?? 0) > 0 || virtualFunctionOf !== undefined,
  );
  return [
    { title: 'ADDRESS', cell: ({ busId }) => busId },
    { title: 'GPU', align: 'right', cell: ({ gpuIndex }) => String(gpuIndex ?? UNKNOWN) },
    { title: 'DEVICE', cell: ({ vendorId, deviceId }) => `${hex(vendorId)}:${hex(deviceId)}`, dropOrder: 4 },
    { title: 'DRIVER', cell: ({ driver }) => driver ?? 'none' },
    {
      title: 'LINK',
      cell: linkText,
      dropOrder: 1,
      colour: (row, paint) => (isNarrow(row) ? paint.warning : (same) => same),
    },
    { title: 'BAR', align: 'right', cell: ({ bars }) => bytesText(largest(bars)), dropOrder: 6 },
    { title: 'NUMA', align: 'right', cell: ({ numaNode }) => String(numaNode ?? UNKNOWN), dropOrder: 3 },
    { title: 'IOMMU', align: 'right', cell: ({ iommuGroup }) => String(iommuGroup ?? UNKNOWN), dropOrder: 5 },
    ...(virtual ? [VIRTUAL_COLUMN] : []),
    {
      title: 'ERRORS',
      align: 'right',
      cell: errorsText,
      colour: (row, paint) => ((row.errors?.fatal ?? 0) + (row.errors?.nonFatal ?? 0) > 0 ? paint.bad : (same) => same),
      dropOrder: 2,
    },
    { title: 'USE', cell: (row) => useText(row, workloads), shrinkTo: 14 },
  ];
}

const VIRTUAL_COLUMN: Column<Row> = {
  title: 'VFS',
  align: 'right',
  cell: ({ virtualFunctions, virtualFunctionsMax }) =>
    virtualFunctionsMax === undefined ? UNKNOWN : `${virtualFunctions}/${virtualFunctionsMax}`,
  dropOrder: 7,
};

const hex = (id: number) => id.toString(16).padStart(4, '0');

function largest(bars: Row['bars']): number | undefined {
  return bars.length === 0 ? undefined : Math.max(...bars.map(({ sizeBytes }) => sizeBytes));
}

/** `gen 4 x16`, with what it could be behind it where it is less. */
export function linkText({
  link,
  gone,
  runtimeStatus,
}: Pick<PciFunctionView, 'link' | 'gone' | 'runtimeStatus'>): string {
  if (gone) return 'gone';
  if (runtimeStatus === 'suspended') return 'asleep';
  if (link?.widthLanes === undefined) return UNKNOWN;
  const now = `gen ${link.generation ?? '?'} x${link.widthLanes}`;
  const most = `gen ${link.generationMax ?? link.generation ?? '?'} x${link.widthLanesMax ?? link.widthLanes}`;
  if (now === most) return now;
  // What is the same in both is said once.
  const sameGeneration = (link.generationMax ?? link.generation) === link.generation;
  return `${now} of ${sameGeneration ? `x${link.widthLanesMax}` : most}`;
}

/** A link with fewer lanes than it could have; its generation falls by itself when it is idle. */
function isNarrow({ link }: Row): boolean {
  return link?.widthLanes !== undefined && link.widthLanesMax !== undefined && link.widthLanes < link.widthLanesMax;
}

function errorsText({ errors }: Row): string {
  return errors === undefined ? UNKNOWN : `${errors.correctable}/${errors.nonFatal}/${errors.fatal}`;
}

function useText(
  { unseen, workloads: ids, gpuIndex, virtualFunctionOf }: Row,
  workloads: readonly { readonly id: string; readonly name: string }[],
): string {
  const names = ids.map((id) => workloads.find((one) => one.id === id)?.name ?? id).join(', ');
  if (gpuIndex !== undefined) return names || UNKNOWN;
  const of = virtualFunctionOf === undefined ? '' : `virtual function of ${virtualFunctionOf}; `;
  return `${names === '' ? '' : `${names}: `}${of}${unseen ?? UNKNOWN}`;
}

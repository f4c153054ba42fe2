import type { Call, Run } from './calls.ts';
import type { ExpectedGpu } from './expectations.ts';

/**
 * What a client must say of a GPU, by the reading whose value stands beside the scenario: the call, the place in its
 * answer, and what one unit of it is in base units. Typed from the public interface, as everything here.
 */
interface ReadingCall {
  readonly reading: string;
  /** Without `nvmlDeviceGet`. */
  readonly getter: string;
  /** Arguments behind the device, as programs print them. */
  readonly arguments?: readonly string[];
  /** Member or place in the answer; `length` of a list. Absent: the answer itself. */
  readonly part?: string | number;
  readonly unit?: number;
}

const row = (
  reading: string,
  getter: string,
  rest: {
    readonly arguments?: readonly (string | number)[];
    readonly part?: string | number;
    readonly unit?: number;
  } = {},
): ReadingCall => ({
  reading,
  getter,
  ...rest,
  arguments: (rest.arguments ?? []).map(String),
});

const PERCENT = 0.01;
const MILLI = 1e-3;
const MEGA = 1e6;

const clocks = (['graphics', 'sm', 'memory', 'video'] as const).flatMap((domain, number) => [
  row(`clock_${domain}_hertz`, 'ClockInfo', { arguments: [number], unit: MEGA }),
  row(`clock_${domain}_max_hertz`, 'MaxClockInfo', { arguments: [number], unit: MEGA }),
  row(`clock_${domain}_customer_boost_max_hertz`, 'MaxCustomerBoostClock', { arguments: [number], unit: MEGA }),
]);

/** Kinds of error and of counter, and where errors are counted. */
const ECC_LOCATIONS = { l1: 0, l2: 1, dram: 2, register_file: 3, texture: 4, cbu: 6, sram: 7 } as const;
const ecc = (['corrected', 'uncorrected'] as const).flatMap((kind, error) =>
  (['', '_lifetime'] as const).flatMap((span, counter) => [
    row(`ecc_${kind}${span}_total`, 'TotalEccErrors', { arguments: [error, counter] }),
    ...Object.entries(ECC_LOCATIONS)
      // No driver counts corrected errors of this unit.
      .filter(([location]) => !(location === 'cbu' && kind === 'corrected'))
      .map(([location, number]) =>
        row(`ecc_${kind}_${location}${span}_total`, 'MemoryErrorCounter', { arguments: [error, counter, number] }),
      ),
  ]),
);

export const READING_CALLS: readonly ReadingCall[] = [
  row('temperature_celsius', 'Temperature', { arguments: [0] }),
  row('temperature_threshold_shutdown_celsius', 'TemperatureThreshold', { arguments: [0] }),
  row('temperature_threshold_slowdown_celsius', 'TemperatureThreshold', { arguments: [1] }),
  row('temperature_threshold_memory_max_celsius', 'TemperatureThreshold', { arguments: [2] }),
  row('temperature_threshold_gpu_max_celsius', 'TemperatureThreshold', { arguments: [3] }),
  row('temperature_threshold_acoustic_current_celsius', 'TemperatureThreshold', { arguments: [5] }),
  row('power_watts', 'PowerUsage', { unit: MILLI }),
  row('power_limit_requested_watts', 'PowerManagementLimit', { unit: MILLI }),
  row('power_limit_enforced_watts', 'EnforcedPowerLimit', { unit: MILLI }),
  row('power_limit_default_watts', 'PowerManagementDefaultLimit', { unit: MILLI }),
  row('power_limit_min_watts', 'PowerManagementLimitConstraints', { part: 0, unit: MILLI }),
  row('power_limit_max_watts', 'PowerManagementLimitConstraints', { part: 1, unit: MILLI }),
  row('energy_joules_total', 'TotalEnergyConsumption', { unit: MILLI }),
  row('power_source', 'PowerSource'),
  row('bar1_memory_total_bytes', 'BAR1MemoryInfo', { part: 'bar1Total' }),
  row('bar1_memory_free_bytes', 'BAR1MemoryInfo', { part: 'bar1Free' }),
  row('bar1_memory_used_bytes', 'BAR1MemoryInfo', { part: 'bar1Used' }),
  row('memory_bus_width_bits', 'MemoryBusWidth'),
  row('utilization_ratio', 'UtilizationRates', { part: 'gpu', unit: PERCENT }),
  row('memory_controller_utilization_ratio', 'UtilizationRates', { part: 'memory', unit: PERCENT }),
  row('encoder_utilization_ratio', 'EncoderUtilization', { part: 0, unit: PERCENT }),
  row('decoder_utilization_ratio', 'DecoderUtilization', { part: 0, unit: PERCENT }),
  row('jpeg_utilization_ratio', 'JpgUtilization', { part: 0, unit: PERCENT }),
  row('ofa_utilization_ratio', 'OfaUtilization', { part: 0, unit: PERCENT }),
  row('encoder_sessions', 'EncoderStats', { part: 0 }),
  row('encoder_sessions', 'EncoderSessions', { part: 'length' }),
  row('framebuffer_capture_sessions', 'FBCStats', { part: 'sessionsCount' }),
  row('framebuffer_capture_sessions', 'FBCSessions', { part: 'length' }),
  row('encoder_capacity_h264_ratio', 'EncoderCapacity', { arguments: [0], unit: PERCENT }),
  row('encoder_capacity_hevc_ratio', 'EncoderCapacity', { arguments: [1], unit: PERCENT }),
  row('encoder_capacity_av1_ratio', 'EncoderCapacity', { arguments: [2], unit: PERCENT }),
  ...clocks,
  row('performance_state', 'PerformanceState'),
  row('clocks_event_reasons', 'CurrentClocksEventReasons'),
  row('clocks_event_reasons', 'CurrentClocksThrottleReasons'),
  row('pcie_link_generation', 'CurrPcieLinkGeneration'),
  row('pcie_link_generation_max', 'MaxPcieLinkGeneration'),
  row('pcie_link_generation_device_max', 'GpuMaxPcieLinkGeneration'),
  row('pcie_link_width_lanes', 'CurrPcieLinkWidth'),
  row('pcie_link_width_lanes_max', 'MaxPcieLinkWidth'),
  row('pcie_replays_total', 'PcieReplayCounter'),
  row('pci_device_id', 'PciInfo', { part: 'pciDeviceId' }),
  row('pci_subsystem_id', 'PciInfo', { part: 'pciSubSystemId' }),
  row('minor_number', 'MinorNumber'),
  row('module_id', 'ModuleId'),
  row('architecture', 'Architecture'),
  row('brand', 'Brand'),
  row('cuda_cores', 'NumGpuCores'),
  row('compute_capability_major', 'CudaComputeCapability', { part: 0 }),
  row('compute_capability_minor', 'CudaComputeCapability', { part: 1 }),
  row('compute_mode', 'ComputeMode'),
  row('persistence_mode_enabled', 'PersistenceMode'),
  row('display_active', 'DisplayActive'),
  row('accounting_enabled', 'AccountingMode'),
  row('virtualization_mode', 'VirtualizationMode'),
  row('supported_event_types', 'SupportedEventTypes'),
  row('numa_node', 'NumaNodeId'),
  row('mig_mode_enabled', 'MigMode', { part: 0 }),
  row('mig_mode_pending', 'MigMode', { part: 1 }),
  row('ecc_mode_enabled', 'EccMode', { part: 0 }),
  row('ecc_mode_pending', 'EccMode', { part: 1 }),
  ...ecc,
  row('retired_pages_single_bit_total', 'RetiredPages', { arguments: [0], part: 'length' }),
  row('retired_pages_double_bit_total', 'RetiredPages', { arguments: [1], part: 'length' }),
  row('retired_pages_pending', 'RetiredPagesPendingStatus'),
  row('remapped_rows_correctable_total', 'RemappedRows', { part: 0 }),
  row('remapped_rows_uncorrectable_total', 'RemappedRows', { part: 1 }),
  row('row_remap_pending', 'RemappedRows', { part: 2 }),
  row('row_remap_failed', 'RemappedRows', { part: 3 }),
  row('row_remap_banks_max', 'RowRemapperHistogram', { part: 'max' }),
  row('row_remap_banks_high', 'RowRemapperHistogram', { part: 'high' }),
  row('row_remap_banks_partial', 'RowRemapperHistogram', { part: 'partial' }),
  row('row_remap_banks_low', 'RowRemapperHistogram', { part: 'low' }),
  row('row_remap_banks_none', 'RowRemapperHistogram', { part: 'none' }),
  row('compute_processes', 'ComputeRunningProcesses', { part: 'length' }),
  row('graphics_processes', 'GraphicsRunningProcesses', { part: 'length' }),
  row('mps_processes', 'MPSComputeRunningProcesses', { part: 'length' }),
];

/** Member of an answer, whatever case the client's language gives its first letter. */
function partOf(value: unknown, part: string | number | undefined): unknown {
  if (part === undefined || value === null || typeof value !== 'object') return part === undefined ? value : undefined;
  if (Array.isArray(value)) return part === 'length' ? value.length : value[Number(part)];
  const members = value as Record<string, unknown>;
  const name = String(part);
  return members[name] ?? members[name.charAt(0).toUpperCase() + name.slice(1)];
}

const isNear = (got: number, wanted: number): boolean => Math.abs(got - wanted) <= 1e-9 * Math.abs(wanted);

/** Answers of one run, by function and arguments. */
export function byArguments(run: Run): (getter: string, ...args: readonly string[]) => Call | undefined {
  const found = new Map(run.calls.map((call) => [`${call.function}(${call.arguments.join(', ')})`, call]));
  return (getter, ...args) => found.get(`nvmlDeviceGet${getter}(${args.join(', ')})`);
}

/**
 * What a client says otherwise than what stands beside the scenario. A reading that the GPU does not have must be an
 * error for the client as well, never a number.
 * @param without readings whose call this client lacks, or spells so that nothing can be compared
 */
export function differences(run: Run, gpu: ExpectedGpu, without: ReadonlySet<string> = new Set()): string[] {
  const answer = byArguments(run);
  return READING_CALLS.filter(({ getter }) => !without.has(getter)).flatMap((asked) => {
    const wanted = gpu.readings[asked.reading];
    const call = answer(asked.getter, `GPU ${gpu.index}`, ...(asked.arguments ?? []));
    const place = `GPU ${gpu.index} ${asked.reading} by ${asked.getter}(${asked.arguments?.join(', ')})`;
    if (call === undefined) return [`${place}: never asked`];
    if (wanted === undefined) {
      // What depends on a moving load is not in the expectation.
      return 'value' in call && !gpu.loadMoves
        ? [`${place}: not there, the client says ${JSON.stringify(call.value)}`]
        : [];
    }
    const said = partOf(call.value, asked.part);
    const got = typeof said === 'number' ? said * (asked.unit ?? 1) : Number.NaN;
    return isNear(got, wanted) ? [] : [`${place}: expected ${wanted}, the client says ${JSON.stringify(said ?? call)}`];
  });
}

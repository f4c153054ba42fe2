import type { NvLink } from '../../model/gpu.js';
import type { LinkReadingId, ReadingId } from '../../native/readings.generated.js';
import { familiesOf, type Labels, one, type Subject } from '../family.js';
import { familyOfLines, ofGpu, ofLink, type ReadingLine } from '../reading.js';
import { gpus, type LinkCountersRow, type LinkRow, linkCounters, nvlinks } from '../subjects.js';

/** What the counters of single links take. */
const PER_LINK = '--collector.nvlink-links';
const NVLINK_5 = `Blackwell or newer; drivers 560 and newer; ${PER_LINK}`;

/** nvmlNvlinkVersion_t. */
export const NVLINK_VERSIONS: Readonly<Record<number, string>> = {
  1: '1.0',
  2: '2.0',
  3: '2.2',
  4: '3.0',
  5: '3.1',
  6: '4.0',
  7: '5.0',
  8: '6.0',
};

/** nvmlIntNvLinkDeviceType_t. */
export const NVLINK_REMOTE_TYPES: Readonly<Record<number, string>> = { 0: 'gpu', 1: 'npu', 2: 'switch' };

/** How many symbols of a block were corrected; the last bin holds all above. */
const BINS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] as const;

interface PeerRow extends LinkRow {
  readonly peer: Labels;
}

function peerOf({ remotePciBusId, readings }: NvLink): Labels {
  return {
    version: NVLINK_VERSIONS[readings.get('version') ?? 0],
    remote_type: NVLINK_REMOTE_TYPES[readings.get('remote_type') ?? -1],
    remote_pci_bus_id: remotePciBusId,
    remote_link: readings.get('remote_link'),
  };
}

/** NVLinks of which something is known, by what is at their other end. */
const peers: Subject<PeerRow> = {
  name: 'NVLink',
  labelNames: [...nvlinks.labelNames, 'version', 'remote_type', 'remote_pci_bus_id', 'remote_link'],
  rows: (scene) =>
    nvlinks
      .rows(scene)
      .map(({ gpu, link }) => ({ gpu, link, peer: peerOf(link) }))
      .filter(({ peer }) => Object.values(peer).some((value) => value !== undefined)),
  key: (row) => `${nvlinks.key(row)} ${JSON.stringify(row.peer)}`,
  labels: (row) => ({ ...nvlinks.labels(row), ...row.peer }),
};

/**
 * A counter of the links of a GPU: of all together, or of each where single links are counted, so that a sum over the
 * family never counts twice. Of several readings of a link the first that is there counts.
 */
function counted(
  labels: Labels,
  sum: ReadingId | undefined,
  ...ofOne: readonly LinkReadingId[]
): ReadingLine<LinkCountersRow> {
  const all = sum === undefined ? undefined : ofGpu.value(sum);
  const each = ofOne.map((id) => ofLink.value(id));
  const single = (row: LinkRow): number | undefined => {
    for (const value of each) {
      const count = value(row);
      if (count !== undefined) return count;
    }
    return undefined;
  };
  return {
    labels,
    origins: [...(sum === undefined ? [] : ofGpu.line(sum).origins), ...ofOne.flatMap((id) => ofLink.line(id).origins)],
    readings: [
      ...(sum === undefined ? [] : ofGpu.line(sum).readings),
      ...ofOne.flatMap((id) => ofLink.line(id).readings),
    ],
    value: ({ gpu, link }) => {
      if (link !== undefined) return single({ gpu, link });
      if (all === undefined || gpu.links.some((one) => single({ gpu, link: one }) !== undefined)) return undefined;
      return all(gpu);
    },
  };
}

const EITHER = `; all links of the GPU together, or each with ${PER_LINK}`;

const linkCount = ofGpu.value('nvlink_links');
const linkState = ofLink.value('state');

/** Bytes of one direction: by the counters of the data and of the link, on NVLink 5 of the port. */
function traffic(direction: 'transmit' | 'receive', did: string) {
  return familyOfLines(
    'counter',
    `gpu_nvlink_${direction}_bytes_total`,
    `Bytes the GPU ${did} over NVLink: payload alone (data) or with the protocol (raw, which data is part of)${EITHER}`,
    [counted({ kind: 'data' }, `nvlink_${direction}_data_bytes_total`, `${direction}_data_bytes_total`)],
    {
      needs: 'boards with NVLink; drivers 450 and newer',
      details: {
        what: 'kind `raw`',
        series: [
          counted(
            { kind: 'raw' },
            `nvlink_${direction}_raw_bytes_total`,
            `${direction}_raw_bytes_total`,
            `${direction}_port_bytes_total`,
          ),
        ],
      },
    },
  );
}

/** Active or asleep: a link that sleeps is trained and wakes when it is needed (nvml.md §6, "NVLink state"). */
const isUp = (state: number) => Number(state !== 0);

/** Links between GPUs. */
export const nvlink = [
  ...familiesOf(gpus, [
    ofGpu.gauge('gpu_nvlink_links', 'NVLinks the GPU has', 'nvlink_links', { needs: 'boards with NVLink' }),
    ofGpu.gauge(
      'gpu_nvlink_links_active',
      'NVLinks that are up, those asleep included; absent while the state of one is not known',
      [
        ofGpu.made(['nvlink_links'], (gpu) => {
          if (linkCount(gpu) !== gpu.links.length) return undefined;
          let up = 0;
          for (const link of gpu.links) {
            const state = linkState({ gpu, link });
            if (state === undefined) return undefined;
            up += isUp(state);
          }
          return up;
        }),
      ],
      { origin: 'field id 165, nvmlDeviceGetNvLinkState', needs: 'boards with NVLink; not with MIG on Hopper' },
    ),
    ofGpu.gauge('gpu_nvlink_switch_links', 'NVLinks that lead to a switch', 'nvlink_switch_links', {
      needs: 'boards with NVLink',
    }),
  ]),
  ...familiesOf(linkCounters, [
    traffic('transmit', 'sent'),
    traffic('receive', 'received'),
    familyOfLines(
      'counter',
      'gpu_nvlink_errors_total',
      `Errors of NVLinks by type${EITHER}`,
      [
        counted({ type: 'buffer_overrun' }, undefined, 'buffer_overrun_errors_total'),
        counted({ type: 'crc_data' }, 'nvlink_crc_data_errors_total', 'crc_data_errors_total'),
        counted({ type: 'crc_flit' }, 'nvlink_crc_flit_errors_total', 'crc_flit_errors_total'),
        counted({ type: 'ecc_data' }, 'nvlink_ecc_data_errors_total', 'ecc_data_errors_total'),
        counted({ type: 'effective' }, undefined, 'effective_errors_total'),
        counted({ type: 'local_link_integrity' }, undefined, 'local_link_integrity_errors_total'),
        counted({ type: 'malformed_packet' }, undefined, 'malformed_packet_errors_total'),
        counted({ type: 'raw_lane0' }, undefined, 'raw_lane0_errors_total'),
        counted({ type: 'raw_lane1' }, undefined, 'raw_lane1_errors_total'),
        counted({ type: 'receive' }, undefined, 'receive_errors_total'),
        counted({ type: 'receive_general' }, undefined, 'receive_general_errors_total'),
        counted({ type: 'receive_remote' }, undefined, 'receive_remote_errors_total'),
        counted({ type: 'recovery' }, 'nvlink_recovery_errors_total', 'recovery_errors_total'),
        counted({ type: 'replay' }, 'nvlink_replay_errors_total', 'replay_errors_total'),
        counted({ type: 'symbol' }, undefined, 'symbol_errors_total'),
        counted({ type: 'transmit_discard' }, undefined, 'transmit_discard_errors_total'),
      ],
      {
        needs: `boards with NVLink; replay, recovery, crc_flit, crc_data, ecc_data: before Blackwell, together or by link; all others: by link alone, ${NVLINK_5} (raw_lane0, raw_lane1: 595)`,
      },
    ),
  ]),
  ...familiesOf(peers, [
    {
      name: 'gpu_nvlink_info',
      type: 'info',
      help: 'Version of the NVLink and what is at its other end, value 1',
      origin: 'field ids 146, 166, nvmlDeviceGetNvLinkRemoteDeviceType, nvmlDeviceGetNvLinkRemotePciInfo_v2',
      needs: `boards with NVLink; ${PER_LINK}`,
      optIn: true,
      series: [{ value: one }],
    },
  ]),
  ...familiesOf(nvlinks, [
    ofLink.gauge('gpu_nvlink_up', 'Whether the NVLink is up, or asleep and ready', [ofLink.seen('state', isUp)], {
      origin: 'field id 165, nvmlDeviceGetNvLinkState',
      optIn: true,
      needs: 'boards with NVLink; not with MIG on Hopper',
    }),
    ofLink.gauge('gpu_nvlink_speed_bytes_per_second', 'Speed of the NVLink', 'speed_bytes_per_second', {
      optIn: true,
      needs: `drivers 535 and newer; ${PER_LINK}`,
    }),
    ofLink.gauge('gpu_nvlink_low_power', 'Whether the NVLink is in its low power state', 'low_power', {
      optIn: true,
      needs: `Hopper or newer; ${PER_LINK}`,
    }),
    ofLink.counter('gpu_nvlink_transmit_packets_total', 'Packets sent over the NVLink', 'transmit_packets_total', {
      optIn: true,
      needs: NVLINK_5,
    }),
    ofLink.counter('gpu_nvlink_receive_packets_total', 'Packets received over the NVLink', 'receive_packets_total', {
      optIn: true,
      needs: NVLINK_5,
    }),
    ofLink.counter(
      'gpu_nvlink_recovery_events_total',
      'Times the NVLink had to recover; result any is the total, not one more result',
      ofLink.by('result', {
        any: 'recovery_events_total',
        failed: 'recovery_failed_events_total',
        successful: 'recovery_successful_events_total',
      }),
      { optIn: true, needs: NVLINK_5 },
    ),
    ofLink.gauge(
      'gpu_nvlink_bit_error_ratio',
      'Wrong bits over all bits of the NVLink: as received (raw), after correction (effective), as symbols (symbol)',
      ofLink.by('kind', {
        effective: 'effective_bit_error_ratio',
        raw: 'raw_bit_error_ratio',
        symbol: 'symbol_bit_error_ratio',
      }),
      { optIn: true, needs: `${NVLINK_5} (raw: 595)` },
    ),
    ofLink.counter(
      'gpu_nvlink_fec_corrected_total',
      'Blocks received over the NVLink by how many of their symbols had to be corrected',
      BINS.map((bin) => ofLink.line(`fec_corrected_${bin}_total`, { bin })),
      { optIn: true, needs: `Blackwell or newer; drivers 570 and newer; ${PER_LINK}` },
    ),
    ofLink.counter('gpu_nvlink_transmitted_blocks_total', 'Blocks sent over the NVLink', 'transmitted_blocks_total', {
      optIn: true,
      needs: `Blackwell or newer; drivers 595 and newer; ${PER_LINK}`,
    }),
    ofLink.counter(
      'gpu_nvlink_retransmitted_blocks_total',
      'Blocks that had to be sent again over the NVLink',
      'retransmitted_blocks_total',
      { optIn: true, needs: `Blackwell or newer; drivers 595 and newer; ${PER_LINK}` },
    ),
  ]),
];

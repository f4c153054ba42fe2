import Type from 'typebox';
import {
  choice,
  count,
  duration,
  hosts,
  library,
  listenAddress,
  names,
  onOff,
  optionalPath,
  path,
  paths,
  route,
  texts,
} from './option.js';

/**
 * The one description of all settings: types, defaults, limits, flags, environment variables, file keys and the
 * reference in docs/configuration.md follow from it. Names of flags are a promise to other people's scripts.
 */
export const ConfigSchema = Type.Object({
  path: Type.Object({
    sysfs: path('path.sysfs', '/sys', 'Where sysfs is mounted.'),
    procfs: path('path.procfs', '/proc', 'Where procfs is mounted; processes of GPUs are looked up here.'),
    dev: path('path.dev', '/dev', 'Where device nodes are.'),
    run: path(
      'path.run',
      '/run',
      'Directory of runtime files; the control socket is gpu-node-agent/control.sock below it.',
    ),
    rootfs: path(
      'path.rootfs',
      '/',
      "Where the host's root is mounted; the usual HAMi and Volcano directories are below it.",
    ),
    hami: paths('path.hami', [], 'Directories with HAMi and Volcano container directories, beside the usual ones.'),
    state: path('path.state', '/var/lib/gpu-node-agent', 'Directory for what the agent keeps between starts.'),
  }),
  nvml: Type.Object({
    library: library(
      'nvml.library',
      'The NVML library to load instead of searching the usual places. A library that is missing is never replaced by another.',
    ),
    driverRoots: paths(
      'nvml.driver-root',
      [],
      "Roots of driver installations, such as /run/nvidia/driver, below whose library folders NVML is looked for before the loader's own search. Not used with nvml.library.",
    ),
  }),
  sampler: Type.Object({
    path: optionalPath(
      'sampler.path',
      'The gpu-node-sampler executable, where it is not in the place the package has it.',
    ),
    intervalSeconds: duration('sampler.interval', '1s', ['100ms', '1h'], 'Time from one reading cycle to the next.'),
    deadlineAttachSeconds: duration(
      'sampler.deadline-attach',
      '60s',
      ['100ms', '1h'],
      'When a call that loads, starts or stops the driver, or looks a GPU up, counts as stuck.',
    ),
    deadlineFastSeconds: duration(
      'sampler.deadline-fast',
      '2s',
      ['100ms', '1h'],
      'When a call that reads a moving value counts as stuck.',
    ),
    deadlineSlowSeconds: duration(
      'sampler.deadline-slow',
      '10s',
      ['100ms', '1h'],
      'When a call for identity or configuration counts as stuck.',
    ),
    staleAfterSeconds: duration(
      'sampler.stale-after',
      '10s',
      ['200ms', '24h'],
      'Age at which readings are dropped instead of shown. At least twice sampler.interval.',
    ),
  }),
  web: Type.Object({
    listenAddress: listenAddress(
      'web.listen-address',
      '127.0.0.1:9837',
      'Address of metrics, API and status page. Port 0 takes any free port.',
    ),
    allowedHosts: hosts(
      'web.allowed-host',
      "Names by which requests may reach a loopback address, beside IP addresses, localhost and the machine's own name.",
    ),
    telemetryPath: route('web.telemetry-path', '/metrics', 'Path of the metrics.'),
    disableExporterMetrics: onOff(
      'web.disable-exporter-metrics',
      false,
      'Leave out the metrics about the agent itself (process_*, nodejs_*).',
    ),
    maxRequests: count(
      'web.max-requests',
      40,
      [1, 10_000],
      'Requests for metrics answered at the same time; more get 503.',
    ),
  }),
  metrics: Type.Object({
    enable: names('metrics.enable', 'Metrics to add to those that are on by default, by full name.'),
    disable: names('metrics.disable', 'Metrics to leave out, by full name.'),
  }),
  collector: Type.Object({
    nvml: onOff('collector.nvml', true, 'Read GPUs through NVML.'),
    pci: onOff('collector.pci', true, 'Read PCI functions from sysfs: passthrough, driver binding.'),
    hami: onOff('collector.hami', true, 'Read the usage files of HAMi and Volcano containers.'),
    processes: onOff('collector.processes', true, 'Name the processes on GPUs: pod, virtual machine, unit.'),
    kmsg: onOff('collector.kmsg', true, 'Read XIDs and SXids from the kernel log (<path.dev>/kmsg).'),
    nvlinkLinks: onOff(
      'collector.nvlink-links',
      false,
      'Read the counters of each NVLink, not only their sums: about fifty more readings for each of up to 18 links. Off unless set.',
    ),
    topology: onOff(
      'collector.topology',
      false,
      "Read how near each pair of GPUs is and what they can do with each other's memory, once at the start and hourly: six more readings for each pair and side. Off unless set.",
    ),
  }),
  health: Type.Object({
    intervalSeconds: duration(
      'health.interval',
      '5s',
      ['1s', '1m'],
      'How often the rules look at the node while nobody asks for it. Driver events and calls that hang are judged at once.',
    ),
    mute: texts(
      'health.mute',
      '^[a-z_*][a-z0-9_]*(?:@.+)?$',
      'codes of findings, each alone or with @ and the id of a subject, such as persistence_off or *@GPU-…',
      'Findings that count in no verdict: they are shown as muted. * stands for every code.',
    ),
    tune: texts(
      'health.tune',
      '^[a-z_][a-z0-9_]*\\.[a-z_]+=.+$',
      '<code>.<limit>=<number>, such as gpu_call_slow.raise_after=10',
      'Other limits for rules; docs/findings.md lists them.',
    ),
  }),
  log: Type.Object({
    level: choice('log.level', ['debug', 'info', 'warn', 'error'], 'info', 'The least severe line that is written.'),
    format: choice('log.format', ['json', 'logfmt'], 'json', 'Form of log lines.'),
  }),
  clock: Type.Object({
    file: optionalPath('clock.file', "A simulated node's clock file, read instead of the system's clocks."),
  }),
});

import { baseline } from './baseline.js';
import { capture } from './capture.js';
import type { Command } from './command.js';
import { gpus } from './gpus.js';
import { health } from './health.js';
import { helpCommand } from './help.js';
import { holders } from './holders.js';
import { metrics } from './metrics.js';
import { mig } from './mig.js';
import { partitions } from './partitions.js';
import { pci } from './pci.js';
import { processes } from './processes.js';
import { release } from './release.js';
import { resume } from './resume.js';
import { serve } from './serve.js';
import { shares } from './shares.js';
import { status } from './status.js';
import { supportBundle } from './support-bundle.js';
import { version } from './version.js';
import { watch } from './watch.js';

/** All commands, in the order of the overview. */
export const COMMANDS: readonly Command[] = [
  serve,
  status,
  health,
  watch,
  gpus,
  mig,
  partitions,
  shares,
  processes,
  pci,
  metrics,
  release,
  resume,
  holders,
  baseline,
  capture,
  supportBundle,
  version,
  helpCommand(() => COMMANDS),
];

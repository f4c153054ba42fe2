import { evidence, rule } from '../rule.js';

/** `sampler_unavailable`: nobody reads the GPUs, so nothing here says how they are. */
export const samplerUnavailable = rule({
  code: 'sampler_unavailable',
  title: 'Nobody reads the GPUs',
  raised: 'No sampler runs, or it says nothing.',
  cleared: 'A sampler says something.',
  source: 'Agent',
  severities: ['critical'],
  actions: ['fix_configuration'],
  look: ({ sampling }) =>
    sampling.state !== 'unavailable'
      ? []
      : [
          {
            severity: 'critical',
            subject: { kind: 'agent', id: 'sampler' },
            reason: `GPUs and HAMi files are not read: ${sampling.reason ?? 'no sampler is running'}.`,
            evidence: evidence({
              silent_seconds: sampling.ageSeconds === undefined ? undefined : Math.round(sampling.ageSeconds),
              sampler_processes: sampling.processes.length,
              restarts: sampling.restarts,
            }),
            action: 'fix_configuration',
            nextStep:
              'Look into the log of gpu-node-agent for why gpu-node-sampler ended or cannot be started: its file (--sampler.path), permissions, memory and process limits. It is tried again by itself, at most 30 s apart.',
          },
        ],
});

import { rule } from '../rule.js';

/** `sampler_limit_reached`: two processes asleep in the driver are left behind, and the active one is asleep too. */
export const samplerLimit = rule({
  code: 'sampler_limit_reached',
  title: 'No further sampler is started',
  raised: 'Two samplers are left behind asleep in the driver, and a third is wanted.',
  cleared: 'One of them has ended.',
  source: 'Agent',
  severities: ['warning'],
  actions: ['reboot_node'],
  look: ({ sampling, samplerLimit: limit }) => {
    if (limit === undefined) return [];
    const asleep = sampling.processes.filter(({ role }) => role === 'stuck');
    return [
      {
        severity: 'warning',
        subject: { kind: 'agent', id: 'sampler' },
        reason: `No further sampler is started: ${limit}.`,
        evidence: { processes_asleep: asleep.length, pids: sampling.processes.map(({ pid }) => pid).join(' ') },
        action: 'reboot_node',
        nextStep:
          'Cure the stuck GPU or driver first (see gpu_call_stuck and driver_stalled). The processes end by themselves when their calls return; killing them does nothing.',
      },
    ];
  },
});

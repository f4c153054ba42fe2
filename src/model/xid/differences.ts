/**
 * Why our catalogue says something else about an XID than NVIDIA's or GPUd's. Each stands for a group of XIDs
 * (`difference` in peers.ts).
 */
export const DIFFERENCES = {
  reset_is_enough: {
    title: 'A reset of one GPU is enough',
    why: 'GPUd has no action that resets a GPU, so it asks for a reboot or an inspection. Here this GPU alone is drained and reset, and the others of the node go on; what comes back after the reset goes to the hardware.',
  },
  reset_and_graver: {
    title: 'A reset of one GPU is enough, and it is no mere warning',
    why: 'GPUd lists these newer numbers as warnings and asks for a reboot. Here they are critical, because the GPU or its links cannot be relied on, and a reset of this GPU is the cure.',
  },
  cannot_be_used: {
    title: 'Graver, because the GPU cannot be used',
    why: 'GPUd lists them as warnings. Until something is done nothing runs on the GPU, or its results cannot be trusted, so here they are critical and name a step.',
  },
  program_first: {
    title: 'First the program, then the hardware',
    why: 'A fault of such an engine ends the program that used it and nothing else. Here the program is started again; the hardware is checked when different programs meet it on one GPU.',
  },
  once_is_no_reason: {
    title: 'Once is no reason to act',
    why: 'The driver goes on after it and so do programs. Here it is watched; GPU or hardware are dealt with when it comes again.',
  },
  old_boards: {
    title: 'Old boards',
    why: 'GPUd asks for a reboot. These numbers belong to boards before Ampere, mostly to display and video engines; a node that works is not rebooted for them.',
  },
  already_over: {
    title: 'Already over',
    why: 'The program has failed and the GPU is well: whoever runs the node has nothing left to do, and the owner of the program sees the failure anyway.',
  },
  maintenance: {
    title: 'Can wait, but not for ever',
    why: 'Programs may go on, yet what is broken is replaced or left out only by a reset. So it is a warning that asks for the reset at the next maintenance: neither something to ignore nor a reason to reboot the node.',
  },
  contained: {
    title: 'One program is hit, the others are not',
    why: 'GPUd lists it as fatal and asks for a reboot. The error was contained to one program, which is started again; the GPU is reset at the next maintenance, when it replaces the bad place.',
  },
  not_by_reboot: {
    title: 'A reboot does not change it',
    why: 'A version, a licence or a circuit that was switched off is the same after a reboot. The step named here goes to the reason.',
  },
  reset_first: {
    title: 'A reset before the screwdriver',
    why: 'GPUd asks for an inspection at once. A GPU that did not come up once often does after a reset; the hardware is checked when it does not.',
  },
  decoded: {
    title: 'Decided by what the line says',
    why: 'GPUd asks for a reboot whatever it was. Most kinds leave the link working, so the line of the kernel log is decoded and only those that do not ask for a reset.',
  },
  machine_alone: {
    title: 'The virtual machine alone',
    why: 'GPUd asks for a reboot of the node. The keys are those of one confidential machine: restarting that makes new ones, and it is critical because the machine cannot go on.',
  },
  peer_job: {
    title: 'The job does not come back by itself',
    why: 'NVIDIA says to ignore it at first and to go through its steps for 137. The job has lost access to the memory of a peer, so here the step is to restart it.',
  },
  gone_for_good: {
    title: 'It cannot repair itself any more',
    why: 'NVIDIA says to ignore it at first. Nothing is urgent, but the bad part stays in use until the board is exchanged, so that is the step named here.',
  },
} as const satisfies Record<string, { title: string; why: string }>;

/** One of the reasons. */
export type DifferenceId = keyof typeof DIFFERENCES;

/** Who a process is by its own account and the kernel's. */
export interface NodeProcess {
  readonly pid: number;
  /** Unix time of its start: with the pid it names a process for ever. Undefined where the time of boot is not known. */
  readonly startedUnixSeconds: number | undefined;
  /** At most 15 characters, chosen by the process (`/proc/<pid>/comm`). */
  readonly name: string;
}

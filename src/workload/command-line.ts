/** What a virtual machine's process says of itself on its command line. */
export interface MachineArguments {
  readonly name: string | undefined;
  readonly uuid: string | undefined;
}

/** Splits `/proc/<pid>/cmdline` (NUL-separated; it may be cut and the process may have changed it). */
export function splitCommandLine(bytes: string): readonly string[] {
  return bytes.replace(/\0+$/, '').split('\0');
}

/**
 * QEMU's `-name guest=<name>,…` or `-name <name>`, and `-uuid`. Commas inside a name are doubled. Undefined when it
 * says neither, so the process is no virtual machine as far as its command line tells.
 */
export function machineArguments(args: readonly string[]): MachineArguments | undefined {
  const after = (flag: string) => {
    const at = args.indexOf(flag);
    return at < 0 ? undefined : args[at + 1];
  };
  const given = after('-name');
  const uuid = after('-uuid');
  if (given === undefined && uuid === undefined) return undefined;
  const whole = given === undefined ? undefined : (/^((?:,,|[^,])*)/.exec(given.replace(/^guest=/, ''))?.[1] ?? '');
  const name = whole?.replaceAll(',,', ',').replace(/^"(.*)"$/, '$1');
  return { name: name === '' ? undefined : name, uuid };
}

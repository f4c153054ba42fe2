import { isIPv4, isIPv6 } from 'node:net';

/** Where a server listens. `host` undefined = every interface. */
export interface ListenAddress {
  readonly host: string | undefined;
  /** 0 = any free port. */
  readonly port: number;
}

/** Reads `host:port`, `[v6]:port` or `:port`, the forms of node_exporter's `--web.listen-address`. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, six, name, digits] = match;
  const port = Number(digits);
  if (port > 65_535) return undefined;
  if (six !== undefined) return isIPv6(six.split('%', 1)[0] ?? '') ? { host: six, port } : undefined;
  if (name === undefined || name === '') return { host: undefined, port };
  const numeric = /^[\d.]+$/.test(name);
  if (numeric ? !isIPv4(name) : !/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(name)) return undefined;
  return { host: name, port };
}

/** A URL that reaches the address from this machine. */
export function urlOf({ host, port }: ListenAddress): string {
  const reachable =
    host === undefined || host === '0.0.0.0' || host === '::' ? 'localhost' : isIPv6(host) ? `[${host}]` : host;
  return `http://${reachable}:${port}`;
}

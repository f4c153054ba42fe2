/** One alternative of an Accept header. */
interface Alternative {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** Formats of the metrics. */
export type MetricsFormat = 'text' | 'openmetrics';

/** What a response says it is. OpenMetrics names its escaping scheme; the older text format knows none. */
export const CONTENT_TYPES: Readonly<Record<MetricsFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; escaping=underscores; charset=utf-8',
};

/** Headers longer than this are not read further: nobody sends them in earnest. */
const ALTERNATIVES_LIMIT = 64;

function alternatives(header: string): Alternative[] {
  return header
    .split(',', ALTERNATIVES_LIMIT)
    .map((entry) => {
      const [name = '', ...rest] = entry.split(';').map((part) => part.trim().toLowerCase());
      const parameters = new Map(
        rest.map((part) => {
          const [key = '', value = ''] = part.split('=', 2);
          return [key.trim(), value.trim().replace(/^"(.*)"$/, '$1')] as const;
        }),
      );
      return { name, parameters, quality: qualityOf(parameters.get('q')) };
    })
    .filter(({ name }) => name !== '');
}

/** RFC 9110 §12.4.2: three decimals from 0 to 1; what is not that counts as not wanted. */
function qualityOf(text: string | undefined): number {
  if (text === undefined) return 1;
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}

/**
 * The format an Accept header asks for. OpenMetrics only when 1.0.0 is asked for by name and liked at least as well
 * as the text format, which stays the last resort
 * (prometheus.io/docs/instrumenting/content_negotiation).
 */
export function metricsFormat(accept: string | undefined): MetricsFormat {
  let openMetrics = 0;
  let named = 0;
  let wildcard = 0;
  for (const { name, parameters, quality } of alternatives(accept ?? '')) {
    const version = parameters.get('version');
    if (name === 'application/openmetrics-text' && (version === undefined || version === '1.0.0')) {
      openMetrics = Math.max(openMetrics, quality);
    }
    if (name === 'text/plain' && (version === undefined || version === '0.0.4')) named = Math.max(named, quality);
    if (name === '*/*' || name === 'text/*') wildcard = Math.max(wildcard, quality);
  }
  return openMetrics > 0 && openMetrics >= Math.max(named, wildcard) ? 'openmetrics' : 'text';
}

/** Whether an Accept-Encoding header offers gzip and does not prefer the plain form. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  const offers = alternatives(acceptEncoding);
  const qualityFor = (...names: readonly string[]) => offers.find(({ name }) => names.includes(name))?.quality;
  const gzip = qualityFor('gzip', 'x-gzip') ?? qualityFor('*') ?? 0;
  return gzip > 0 && gzip >= (qualityFor('identity') ?? 0);
}

import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { MetricsFormat } from './family.js';
import { OWN_FAMILIES, type OwnFamily } from './own-families.js';
import { type CollectedFamily, type RenderedFamily, renderCollected } from './self-text.js';

/**
 * Milliseconds between looks at the event loop's delay. Each look wakes the process, and prom-client's default of 10
 * would do so 98 times a second.
 */
const EVENT_LOOP_PRECISION_MILLISECONDS = 1000;

/** Statistics of the event loop's delay since the scrape before. */
const LAG_STATISTIC = /^nodejs_eventloop_lag_(?:min|max|mean|stddev|p\d+)_seconds$/;

/**
 * Without what was not observed. Between two looks at the event loop its histogram is empty: the mean is then NaN, but
 * the minimum reads 9223372036 seconds and the maximum 0 (prom-client 15.1.3 on Node 20).
 */
export function observedOnly(families: readonly CollectedFamily[]): readonly CollectedFamily[] {
  const mean = families.find(({ name }) => name === 'nodejs_eventloop_lag_mean_seconds');
  if (mean === undefined || mean.values.some(({ value }) => !Number.isNaN(value))) return families;
  return families.filter(({ name }) => !LAG_STATISTIC.test(name));
}

function settings<Family extends OwnFamily>({ name, help, labelNames }: Family, registry: Registry) {
  return { name, help, labelNames: labelNames as Family['labelNames'], registers: [registry] };
}

/**
 * The agent's own metrics: `process_*`, `nodejs_*`, and what its HTTP side reports here. The one file that knows
 * prom-client; the registry is its own, so that a host program's metrics stay apart.
 */
export class SelfMetrics {
  readonly #registry = new Registry();
  readonly #requests;
  readonly #requestDuration;
  readonly #scrapeDuration;

  constructor() {
    const registry = this.#registry;
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MILLISECONDS });
    const { requests, requestDuration, scrapeDuration } = OWN_FAMILIES;
    this.#requests = new Counter(settings(requests, registry));
    this.#requestDuration = new Histogram({
      ...settings(requestDuration, registry),
      buckets: [...requestDuration.buckets],
    });
    this.#scrapeDuration = new Histogram({
      ...settings(scrapeDuration, registry),
      buckets: [...scrapeDuration.buckets],
    });
  }

  /** Counts an answered request. `route` is the route's pattern, never the path that was asked for. */
  observeRequest(request: {
    readonly route: string;
    readonly method: string;
    readonly code: number;
    readonly seconds: number;
  }): void {
    this.#requests.inc({ route: request.route, method: request.method, code: request.code });
    this.#requestDuration.observe({ route: request.route }, request.seconds);
  }

  /** Counts a scrape of an endpoint such as `/metrics`. */
  observeScrape(endpoint: string, seconds: number): void {
    this.#scrapeDuration.observe({ endpoint }, seconds);
  }

  /** All families with their present values, written in a format and sorted by name. */
  async families(format: MetricsFormat): Promise<readonly RenderedFamily[]> {
    const collected = (await this.#registry.getMetricsAsJSON()) as unknown as readonly CollectedFamily[];
    return renderCollected(observedOnly(collected), format);
  }
}

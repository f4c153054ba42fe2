import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { MetricsFormat } from './family.js';
import { OWN_FAMILIES, type OwnFamily } from './own-families.js';
import { type CollectedFamily, type RenderedFamily, renderCollected } from './self-text.js';

/**
 * Milliseconds between two looks of prom-client's monitor of the event loop; it cannot be left out, so that it gets
 * the longest time a timer takes, 24 days. Each look wakes the process, 98 times a second by default, and what the
 * histogram holds is the time from one look to the next, not the delay: with a look a second it says one second of an
 * idle loop (prom-client 15.1.3, Node 20.20).
 */
const EVENT_LOOP_PRECISION_MILLISECONDS = 2 ** 31 - 1;

/** What comes of that monitor. `nodejs_eventloop_lag_seconds` does not: it is measured at each scrape. */
const MONITORED_LAG = /^nodejs_eventloop_lag_(?:min|max|mean|stddev|p\d+)_seconds$/;

const LAG = 'nodejs_eventloop_lag_seconds';

/** Without the lag before the first scrape has measured one: the gauge then says 0, which no measurement gives. */
function measuredOnly(families: readonly CollectedFamily[]): readonly CollectedFamily[] {
  return families.filter(({ name, values }) => name !== LAG || values.some(({ value }) => value !== 0));
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
    for (const { name } of registry.getMetricsAsArray()) {
      if (MONITORED_LAG.test(name)) registry.removeSingleMetric(name);
    }
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
    return renderCollected(measuredOnly(collected), format);
  }
}

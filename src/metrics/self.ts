import { Counter, Histogram, Registry } from 'prom-client';
import type { MetricsFormat } from './family.js';
import { timeCollections } from './gc-durations.js';
import { OWN_FAMILIES, type OwnFamily } from './own-families.js';
import { type CollectedFamily, type RenderedFamily, renderCollected } from './self-text.js';

function settings<Family extends OwnFamily>({ name, help, labelNames }: Family, registry: Registry) {
  return { name, help, labelNames: labelNames as Family['labelNames'], registers: [registry] };
}

/**
 * What the agent counts and times of itself: garbage collections, and what its HTTP side reports here. All in a
 * registry of prom-client that is its own, so that a host program's metrics stay apart.
 */
export class SelfMetrics {
  readonly #registry = new Registry();
  readonly #collections;
  readonly #requests;
  readonly #requestDuration;
  readonly #scrapeDuration;

  constructor() {
    const registry = this.#registry;
    this.#collections = timeCollections(registry);
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

  /** Names of its families. */
  get names(): readonly string[] {
    return this.#registry.getMetricsAsArray().map(({ name }) => name);
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

  /** Stops watching the process; `families` goes on with the last figures. */
  close(): void {
    this.#collections.disconnect();
  }

  /** All families with their present values, written in a format and sorted by name. */
  async families(format: MetricsFormat): Promise<readonly RenderedFamily[]> {
    const collected = (await this.#registry.getMetricsAsJSON()) as unknown as readonly CollectedFamily[];
    return renderCollected(collected, format);
  }
}

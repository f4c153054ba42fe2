/** A family about the agent's own requests, counted by prom-client in self.ts. */
export interface OwnFamily {
  readonly name: string;
  readonly type: 'counter' | 'histogram';
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds in seconds, for histograms. */
  readonly buckets?: readonly number[];
}

/** Around the 10 s after which Prometheus gives up by default. */
const BUCKETS = [0.001, 0.01, 0.1, 1, 10] as const;

/** What the agent counts of itself besides the standard `process_*` and `nodejs_*` families. */
export const OWN_FAMILIES = {
  requests: {
    name: 'gpu_agent_http_requests_total',
    type: 'counter',
    help: 'HTTP requests answered',
    labelNames: ['route', 'method', 'code'],
  },
  requestDuration: {
    name: 'gpu_agent_http_request_duration_seconds',
    type: 'histogram',
    help: 'Time from an HTTP request to the end of its answer',
    labelNames: ['route'],
    buckets: BUCKETS,
  },
  scrapeDuration: {
    name: 'gpu_agent_scrape_duration_seconds',
    type: 'histogram',
    help: 'Time to gather and compress the metrics of a scrape',
    labelNames: ['endpoint'],
    buckets: BUCKETS,
  },
} as const satisfies Readonly<Record<string, OwnFamily>>;

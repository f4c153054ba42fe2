import type { PeerCredentials } from '../http/peer.js';
import type { MetricsSource } from '../http/scrape.js';
import type { TrafficObserver } from '../http/traffic.js';
import type { ControlActions } from '../model/control.js';
import type { NodeStateSource } from '../model/node-state.js';

/** The parts of a running agent that are served. */
export interface Service {
  readonly source: NodeStateSource;
  readonly control: ControlActions;
  readonly metrics: MetricsSource;
  /** Counts requests; undefined when the metrics about the agent itself are off. */
  readonly traffic: TrafficObserver | undefined;
  readonly peerCredentials: PeerCredentials;
  /** Tells the service manager: `READY=1`, `STOPPING=1`. */
  notify(message: string): void;
  /** Lets go of the driver and ends the samplers. */
  close(): Promise<void>;
}

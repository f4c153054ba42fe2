import { RoundLog } from '../src/collect/round-log.js';
import type { Rounds } from '../src/model/node-state.js';

/** A source that has not ended a round. */
export const NO_ROUNDS: Rounds = new RoundLog().rounds();

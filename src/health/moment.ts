/** One time on both clocks: waiting is measured on the monotonic one, people are told the other. */
export interface Moment {
  readonly monotonicSeconds: number;
  readonly unixSeconds: number;
}

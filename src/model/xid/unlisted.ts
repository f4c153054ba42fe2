/**
 * Numbers that mean nothing on GPUs of today (first and last of each range): unused since the Ampere generation, only of
 * display engines, or reserved (nvml.md §13).
 */
export const UNLISTED_XIDS: readonly (readonly [first: number, last: number])[] = [
  [1, 7],
  [9, 10],
  [14, 15],
  [17, 17],
  [19, 24],
  [27, 30],
  [33, 36],
  [42, 42],
  [47, 47],
  [49, 53],
  [55, 55],
  [87, 87],
  [90, 91],
  [111, 118],
  [138, 138],
];

/** Whether a number is one of them. */
export function isUnlistedXid(xid: number): boolean {
  return UNLISTED_XIDS.some(([first, last]) => xid >= first && xid <= last);
}

/**
 * When to look next whether a process has ended: nothing tells when the last thread of a process with an exited
 * leader does. Often at first, when most end, then every two seconds. Process-clock seconds.
 */
export function nextPollSeconds(nowSeconds: number, leavingSinceSeconds: number): number {
  const waited = nowSeconds - leavingSinceSeconds;
  if (waited < 1) return nowSeconds + 0.05;
  if (waited < 5) return nowSeconds + 0.25;
  return nowSeconds + 2;
}

// @ts-check
/**
 * A node in words.
 */

/**
 * @param {import('../node.mjs').SimulatedNode} node
 * @returns {string}
 */
export function describeNode(node) {
  const state = node.read();
  const { monotonicNanoseconds, realtimeNanoseconds } = node.now();
  const shown = new Date(Number(realtimeNanoseconds / 1_000_000n)).toISOString();
  const lines = [
    `node      ${node.directory}`,
    `scenario  ${state.attributes.get('scenarioName')}`,
    `driver    ${state.branch === undefined ? 'not loaded' : `branch ${state.branch}, loaded ${state.generation} time(s)`}`,
    `clock     ${shown}, monotonic ${Number(monotonicNanoseconds) / 1e9} s`,
  ];
  for (const [index, gpu] of state.gpus.entries()) {
    const load = gpu.load.map(({ seconds, percent }) => `${percent} % for ${seconds} s`).join(', then ');
    lines.push(
      `gpu ${index}     ${gpu.attributes.get('uuid')}  ${gpu.attributes.get('name')}${gpu.lost ? '  LOST' : ''}${gpu.driver === 'nvidia' ? '' : `  bound to ${gpu.driver === '' ? 'no driver' : gpu.driver}`}`,
    );
    if (load !== '') lines.push(`  load    ${load}`);
    for (const mig of gpu.migInstances) {
      lines.push(`  mig     ${mig.gpuInstance}/${mig.computeInstance} ${mig.profile}  ${mig.uuid}`);
    }
    for (const { pid, type, usedBytes, gpuInstance } of gpu.processes) {
      const where = gpuInstance === undefined ? '' : ` in instance ${gpuInstance}`;
      lines.push(`  process ${pid} ${type}, ${usedBytes ?? 'unknown'} bytes${where}`);
    }
  }
  for (const { id, function: name, gpu, pid, effect } of state.faults) {
    const gpus = gpu < 0 ? 'all GPUs' : `GPU ${gpu}`;
    lines.push(`fault ${id}: ${name} on ${gpus}${pid < 0 ? '' : ` in process ${pid}`}: ${effect}`);
  }
  for (const { pid, node: name } of node.holders()) lines.push(`held      ${name} by process ${pid}`);
  return lines.join('\n');
}

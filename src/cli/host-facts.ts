import { bytesText } from '../model/quantity.js';

/** Facts about the host that a defect report needs; what cannot be found is missing. */
export async function hostFacts(milliseconds: number): Promise<Record<string, string>> {
  // A fifth of the program, for one command.
  const { cpu, mem, osInfo, system } = await import('systeminformation');
  const facts: Record<string, string> = {};
  const gather = Promise.allSettled([
    osInfo().then((os) => {
      facts.system = `${os.distro} ${os.release}`;
      facts.kernel = os.kernel;
    }),
    system().then(({ manufacturer, model, virtual }) => {
      facts.machine = `${manufacturer} ${model}${virtual ? ' (virtual)' : ''}`.trim();
    }),
    cpu().then(({ brand, cores }) => {
      facts.processor = `${brand}, ${cores} threads`;
    }),
    mem().then(({ total }) => {
      facts.memory = bytesText(total);
    }),
  ]);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([gather, late]);
  clearTimeout(timer);
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value.trim() !== ''));
}

// @ts-check
/** /run/libvirt/qemu: the status file libvirt keeps of each running domain, and its pid file. */

/**
 * @typedef {import('./plan.mjs').VirtualMachinePlan} VirtualMachinePlan
 * @typedef {import('./tree.mjs').Tree} Tree
 */

/**
 * @param {Tree} run
 * @param {readonly VirtualMachinePlan[]} machines
 */
export function writeLibvirt(run, machines) {
  run.remove('libvirt');
  for (const machine of machines) {
    run.file(`libvirt/qemu/${machine.name}.xml`, statusXml(machine), 0o600);
    run.file(`libvirt/qemu/${machine.name}.pid`, String(machine.pid), 0o644);
  }
}

/** @param {VirtualMachinePlan} machine */
function statusXml(machine) {
  const memoryKib = Math.floor(machine.memoryBytes / 1024);
  const cpus = Array.from(
    { length: machine.virtualCpus },
    (_, cpu) => `    <vcpu id='${cpu}' pid='${machine.pid + 2 + cpu}'/>`,
  );
  return [
    '<!--',
    'WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE',
    'OVERWRITTEN AND LOST.',
    '-->',
    `<domstatus state='running' reason='booted' pid='${machine.pid}'>`,
    `  <monitor path='/var/lib/libvirt/qemu/domain-${machine.id}-${machine.name}/monitor.sock' type='unix'/>`,
    '  <vcpus>',
    ...cpus,
    '  </vcpus>',
    `  <domain type='kvm' id='${machine.id}'>`,
    `    <name>${machine.name}</name>`,
    `    <uuid>${machine.uuid}</uuid>`,
    `    <memory unit='KiB'>${memoryKib}</memory>`,
    `    <currentMemory unit='KiB'>${memoryKib}</currentMemory>`,
    `    <vcpu placement='static'>${machine.virtualCpus}</vcpu>`,
    '    <devices>',
    '      <emulator>/usr/bin/qemu-system-x86_64</emulator>',
    ...machine.hostDevices.flatMap(hostDevice),
    '    </devices>',
    '  </domain>',
    '</domstatus>',
    '',
  ].join('\n');
}

/**
 * @param {string} address
 * @param {number} index
 */
function hostDevice(address, index) {
  const [domain, bus, slotFunction] = address.split(':');
  const [slot, func] = (slotFunction ?? '').split('.');
  return [
    "      <hostdev mode='subsystem' type='pci' managed='yes'>",
    "        <driver name='vfio'/>",
    '        <source>',
    `          <address domain='0x${domain}' bus='0x${bus}' slot='0x${slot}' function='0x${func}'/>`,
    '        </source>',
    `        <alias name='hostdev${index}'/>`,
    `        <address type='pci' domain='0x0000' bus='0x${(5 + index).toString(16).padStart(2, '0')}' slot='0x00' function='0x0'/>`,
    '      </hostdev>',
  ];
}

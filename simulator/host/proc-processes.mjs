// @ts-check
/**
 * /proc/<pid> of the simulated processes: comm, cmdline, environ, stat, status, cgroup, the open handles and the
 * threads. A handle's text is the path in the holder's own view, `/dev/nvidia0`, as the kernel prints it: whoever
 * reads these trees maps /dev to the simulated one, just as with a host's /dev mounted into a container.
 */

/**
 * @typedef {import('./plan.mjs').ProcessPlan} ProcessPlan
 * @typedef {import('./tree.mjs').Tree} Tree
 */

/** Clock ticks per second of every Linux user interface (USER_HZ). */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;
/** TASK_COMM_LEN without its NUL. */
const COMM_LENGTH = 15;
/** Inode number of the initial PID namespace; others get numbers of their own. */
const INITIAL_PID_NAMESPACE = 4_026_531_836;

/**
 * Makes exactly these processes: directories of others are removed.
 * @param {Tree} proc
 * @param {readonly ProcessPlan[]} processes
 */
export function writeProcesses(proc, processes) {
  const wanted = new Set(processes.map((process) => String(process.pid)));
  for (const name of proc.names('.')) {
    if (/^[1-9]\d*$/.test(name) && !wanted.has(name)) proc.remove(name);
  }
  for (const process of processes) writeProcess(proc.below(String(process.pid)), process);
}

/**
 * @param {Tree} directory
 * @param {ProcessPlan} process
 */
function writeProcess(directory, process) {
  const comm = process.name.slice(0, COMM_LENGTH);
  const cgroup = `0::${process.cgroup}\n`;
  const handles = ['/dev/null', `pipe:[${process.pid * 10 + 1}]`, `pipe:[${process.pid * 10 + 2}]`]
    .concat(process.anonymousHandles)
    .concat(process.deviceNodes.map((node) => `/dev/${node}`));
  directory.file('cmdline', process.arguments.map((argument) => `${argument}\0`).join(''), 0o444);
  directory.file(
    'environ',
    Object.entries(process.environment)
      .map(([name, value]) => `${name}=${value}\0`)
      .join(''),
    0o400,
  );
  directory.file('cgroup', cgroup, 0o444);
  directory.file('statm', `${statm(process)}\n`, 0o444);
  directory.link('exe', process.arguments[0] ?? `/usr/bin/${process.name}`);
  directory.link('cwd', '/');
  directory.link('root', '/');
  directory.link('ns/pid', `pid:[${INITIAL_PID_NAMESPACE + (process.containerPid === undefined ? 0 : process.pid)}]`);
  const threads = [comm, ...process.threadNames];
  removeFrom(directory, 'task', (name) => Number(name) - process.pid < threads.length);
  for (const [index, threadName] of threads.entries()) {
    const tid = process.pid + index;
    const places = index === 0 ? [directory, directory.below(`task/${tid}`)] : [directory.below(`task/${tid}`)];
    for (const place of places) {
      place.file('comm', `${threadName.slice(0, COMM_LENGTH)}\n`);
      place.file('stat', stat(process, tid, threadName, threads.length), 0o444);
      place.file('status', status(process, tid, threadName, threads.length), 0o444);
      place.file('cgroup', cgroup, 0o444);
      removeFrom(place, 'fd', (name) => Number(name) < handles.length);
      for (const [fd, target] of handles.entries()) place.link(`fd/${fd}`, target);
    }
  }
}

/**
 * Takes away what an earlier plan left: handles that were closed, threads that ended.
 * @param {Tree} tree
 * @param {string} folder
 * @param {(name: string) => boolean} stays
 */
function removeFrom(tree, folder, stays) {
  for (const name of tree.names(folder)) {
    if (!stays(name)) tree.remove(`${folder}/${name}`);
  }
}

/**
 * The 52 fields of stat; those nobody can know of a process that does not run are 0.
 * @param {ProcessPlan} process
 * @param {number} tid
 * @param {string} threadName
 * @param {number} threads
 */
function stat(process, tid, threadName, threads) {
  const fields = Array(52).fill('0');
  const set = (/** @type {number} */ position, /** @type {string | number} */ value) => {
    fields[position - 1] = String(value);
  };
  set(1, tid);
  set(2, `(${threadName.slice(0, COMM_LENGTH)})`);
  set(3, 'S');
  set(4, process.parentPid);
  set(5, process.pid);
  set(6, process.pid);
  set(8, -1);
  set(18, 20);
  set(20, threads);
  set(22, Math.round(process.startSeconds * TICKS_PER_SECOND));
  set(23, process.residentBytes * 4);
  set(24, Math.floor(process.residentBytes / PAGE_BYTES));
  set(25, '18446744073709551615');
  set(38, 17);
  return `${fields.join(' ')}\n`;
}

/**
 * @param {ProcessPlan} process
 * @param {number} tid
 * @param {string} threadName
 * @param {number} threads
 */
function status(process, tid, threadName, threads) {
  const ids = Array(4).fill(process.userId).join('\t');
  const inside = process.containerPid === undefined ? '' : `\t${process.containerPid + tid - process.pid}`;
  const kib = (/** @type {number} */ bytes) => `${String(Math.floor(bytes / 1024)).padStart(8)} kB`;
  const rows = [
    ['Name', threadName.slice(0, COMM_LENGTH)],
    ['Umask', '0022'],
    ['State', 'S (sleeping)'],
    ['Tgid', process.pid],
    ['Ngid', 0],
    ['Pid', tid],
    ['PPid', process.parentPid],
    ['TracerPid', 0],
    ['Uid', ids],
    ['Gid', ids],
    ['FDSize', 64],
    ['NStgid', `${process.pid}${process.containerPid === undefined ? '' : `\t${process.containerPid}`}`],
    ['NSpid', `${tid}${inside}`],
    ['VmPeak', kib(process.residentBytes * 4)],
    ['VmSize', kib(process.residentBytes * 4)],
    ['VmRSS', kib(process.residentBytes)],
    ['Threads', threads],
  ];
  return rows.map(([label, value]) => `${label}:\t${value}\n`).join('');
}

/** @param {ProcessPlan} process */
function statm(process) {
  const pages = Math.floor(process.residentBytes / PAGE_BYTES);
  return `${pages * 4} ${pages} ${Math.floor(pages / 4)} 12 0 ${pages} 0`;
}

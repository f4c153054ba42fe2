// @ts-check
/** /run/containerd: the OCI specification of each running container, with the names Kubernetes gave it. */

/**
 * @typedef {import('./plan.mjs').PodContainerPlan} PodContainerPlan
 * @typedef {import('./tree.mjs').Tree} Tree
 */

const TASKS = 'containerd/io.containerd.runtime.v2.task/k8s.io';

/**
 * Makes exactly these containers.
 * @param {Tree} run
 * @param {readonly PodContainerPlan[]} containers
 */
export function writeContainerd(run, containers) {
  const wanted = new Set(containers.map(({ id }) => id));
  for (const id of run.names(TASKS)) {
    if (!wanted.has(id)) run.remove(`${TASKS}/${id}`);
  }
  for (const container of containers) {
    run.file(`${TASKS}/${container.id}/config.json`, `${JSON.stringify(specification(container))}\n`, 0o600);
  }
}

/** @param {PodContainerPlan} container */
function specification(container) {
  const [slice, scope] = container.cgroup.split('/').slice(-2);
  return {
    ociVersion: '1.1.0',
    process: {
      args: container.arguments,
      env: Object.entries(container.environment).map(([name, value]) => `${name}=${value}`),
    },
    hostname: container.pod,
    annotations: {
      'io.kubernetes.cri.container-name': container.container,
      'io.kubernetes.cri.container-type': 'container',
      'io.kubernetes.cri.sandbox-id': container.sandboxId,
      'io.kubernetes.cri.sandbox-name': container.pod,
      'io.kubernetes.cri.sandbox-namespace': container.namespace,
      'io.kubernetes.cri.sandbox-uid': container.podUid,
    },
    linux: { cgroupsPath: `${slice}:cri-containerd:${(scope ?? '').replace(/^cri-containerd-|\.scope$/g, '')}` },
  };
}

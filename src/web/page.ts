import type { FindingView, NodeView, StuckCallView } from '../http/documents/node.js';
import { isPartOf } from '../model/gpu-users.js';
import { spanText } from '../model/quantity.js';
import { placeOfCall } from '../model/stuck-call.js';
import { gpuCard } from './gpu-card.js';
import { html, type Markup } from './markup.js';
import { partitionList } from './partition-list.js';

/** What the page says beside the node's state. */
export interface PageOptions {
  readonly hostname: string;
  readonly telemetryPath: string;
}

/**
 * The status page, complete without JavaScript. Its script asks for the page again and replaces the parts of `main`
 * that differ, so that there is one way from state to markup.
 */
export function renderPage(node: NodeView, { hostname, telemetryPath }: PageOptions): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${hostname} \u00b7 gpu-node-agent</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="page.css">
<script type="module" src="page.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<h1>${hostname}</h1>
<p class="product">gpu-node-agent ${node.agent.version}</p>
<p id="liveness" role="status" aria-live="polite">As of the moment this page was loaded</p>
</header>
<main id="main">
${banner(node)}
${summary(node)}
${attention(node)}
${gpus(node)}
${others(node)}
</main>
<footer><nav aria-label="Interfaces"><a href="${telemetryPath.slice(1)}">Metrics</a><a href="api/v1/node">API</a><a href="openapi.json">OpenAPI</a><a href="healthz">Health</a><a href="readyz">Readiness</a></nav></footer>
</body>
</html>
`.toString();
}

function banner({ simulated }: NodeView): Markup {
  if (simulated === undefined) return html`<div id="banner" hidden></div>`;
  return html`<div id="banner" class="simulated" role="note"><strong>Simulated node.</strong> No GPU here is real. <small>${simulated}</small></div>`;
}

function summary(node: NodeView): Markup {
  const { driver, sampling, agent } = node;
  const library =
    driver.state === 'initialized'
      ? `${driver.driverVersion ?? 'unknown version'}`
      : driver.state === 'unused'
        ? 'not read'
        : driver.state.replace('_', ' ');
  const facts: [string, string | number | undefined][] = [
    ['Driver', library],
    ['Kernel module', driver.kernelModule],
    ['CUDA', driver.cudaVersion],
    ['GPUs', node.gpus.length],
    ['Reading', sampling.state === 'running' ? `every ${spanText(sampling.cycleSeconds)}` : sampling.state],
    ['Agent up', spanText(node.atUnixSeconds - agent.startedUnixSeconds)],
  ];
  const cells = facts
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  const off = node.switchedOff.filter((name) => name !== 'nvml');
  const notes = [
    driver.message,
    off.length === 0 ? undefined : `Switched off by configuration: ${off.join(', ')}.`,
    sampling.state === 'running' ? undefined : sampling.reason,
  ]
    .filter((note) => note !== undefined)
    .map((note) => html`<p class="note">${note}</p>`);
  const released = sampling.released.map(
    ({ gpu, untilUnixSeconds }) =>
      html`<p class="note">Released: ${gpu}, ${untilUnixSeconds === undefined ? 'until resumed' : `for another ${spanText(untilUnixSeconds - node.atUnixSeconds)}`}.</p>`,
  );
  return html`<section id="summary" aria-label="Node"><dl class="facts">${cells}</dl>${notes}${released}</section>`;
}

const RANK = { critical: 0, warning: 1, info: 2 } as const;

function attention(node: NodeView): Markup {
  const findings = [...node.findings].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  const calls = node.sampling.stuckCalls;
  if (findings.length === 0 && calls.length === 0) {
    return html`<section id="attention" aria-label="Findings"><p class="calm">Nothing needs attention.</p></section>`;
  }
  const title = calls.length > 0 || findings[0]?.severity !== 'info' ? 'Needs attention' : 'Good to know';
  return html`<section id="attention" aria-labelledby="attention-title"><h2 id="attention-title">${title}</h2>
<ul class="findings">${findings.map((finding) => findingItem(finding, node))}${calls.map(callItem)}</ul></section>`;
}

function findingItem(finding: FindingView, node: NodeView): Markup {
  return html`<li class="finding ${finding.severity}"><p><span class="severity">${finding.severity}</span> ${finding.reason}</p>
<p class="next">${finding.nextStep}</p>
<p class="meta"><code>${finding.code}</code> \u00b7 ${finding.subject.kind} ${finding.subject.id} \u00b7 for ${spanText(node.atUnixSeconds - finding.sinceUnixSeconds)}</p></li>`;
}

function callItem(call: StuckCallView): Markup {
  const where = placeOfCall(call) ?? `the ${call.lane} thread`;
  const asleep = call.wchan === undefined ? undefined : html` \u00b7 asleep in <code>${call.wchan}</code>`;
  return html`<li class="finding ${call.verdict === 'stuck' ? 'critical' : 'warning'}"><p><span class="severity">${call.verdict}</span> <code>${call.function}</code> of ${where} has not come back for ${spanText(call.seconds)}.</p>
<p class="meta">process ${call.samplerPid}, thread ${call.tid}${call.threadState === undefined ? undefined : ` (${call.threadState})`}${asleep}</p></li>`;
}

function gpus(node: NodeView): Markup {
  if (node.gpus.length === 0)
    return html`<section id="gpus" aria-label="GPUs"><p class="calm">No GPUs to show.</p></section>`;
  return html`<section id="gpus" aria-label="GPUs"><h2>GPUs</h2><div class="cards">${node.gpus.map((gpu) => gpuCard(gpu, node))}</div></section>`;
}

/** Partitions of GPUs the driver does not show, such as those passed through to a virtual machine. */
function others(node: NodeView): Markup {
  const rest = node.partitions.filter((partition) => !node.gpus.some((gpu) => isPartOf(partition, gpu)));
  if (rest.length === 0) return html`<section id="others" hidden></section>`;
  return html`<section id="others" aria-labelledby="others-title"><h2 id="others-title">Given away</h2><div class="card">${partitionList('GPUs the driver on this node does not see', rest, node)}</div></section>`;
}

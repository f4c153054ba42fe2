import type { NodeView } from '../http/documents/node.js';
export function renderPage(node: NodeView, options: { hostname: string; telemetryPath: string }): string { return `${node.atUnixSeconds}${options.hostname}`; }

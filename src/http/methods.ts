/** A registered route; `:name` stands for one part of a path. */
export interface RoutePattern {
  readonly method: string;
  readonly url: string;
}

/** Methods a path knows, sorted; empty when the path is unknown. For `405` and its Allow header (RFC 9110 §15.5.6). */
export function methodsAt(routes: readonly RoutePattern[], path: string): readonly string[] {
  const parts = path.split('/');
  const methods = routes.filter(({ url }) => matches(url.split('/'), parts)).map(({ method }) => method);
  return [...new Set(methods)].sort();
}

function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  if (pattern.length !== parts.length) return false;
  return pattern.every((part, index) => (part.startsWith(':') ? parts[index] !== '' : part === parts[index]));
}

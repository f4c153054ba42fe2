import Type, { type Static } from 'typebox';
import { closed, integer, maybe, text } from './documents/words.js';

/** Schema of an error (RFC 9457). */
export const ProblemDocument = closed(
  {
    type: text('A name that stands for the kind of problem; not a page.'),
    title: Type.String(),
    status: integer('HTTP status.'),
    code: text('Stable code, also the last part of type.'),
    detail: text('What happened this time.'),
    nextStep: maybe(text('What to do.')),
  },
  { $id: 'Problem', description: 'An error, as RFC 9457 wants it.' },
);

/** An error as it is sent. */
export type ProblemView = Static<typeof ProblemDocument>;

/** Media type of errors. */
export const PROBLEM_TYPE = 'application/problem+json';

/** Every code, once. docs/api.md lists them; a test compares the two. */
export const PROBLEMS = {
  route_unknown: [404, 'There is nothing here'],
  method_not_allowed: [405, 'This path does not know the method'],
  request_invalid: [400, 'The request does not fit'],
  request_too_large: [413, 'The request is too large'],
  host_unknown: [421, 'This agent is not reached by that name'],
  path_too_long: [414, 'A part of the path is too long'],
  headers_too_large: [431, 'The headers are too large'],
  request_timeout: [408, 'The request did not come in time'],
  media_type_unsupported: [415, 'The body has a form that is not understood'],
  gpu_unknown: [404, 'No such GPU'],
  partition_unknown: [404, 'No such partition'],
  not_released: [409, 'Nothing is released'],
  busy: [409, 'Another change is going on'],
  unavailable: [503, 'Not possible now'],
  not_ready: [503, 'The first attempt to read is still going on'],
  too_many_requests: [503, 'Too many requests at the same time'],
  scrape_timeout: [503, 'The metrics did not come in time'],
  peer_not_allowed: [403, 'This user may not use the control socket'],
  internal: [500, 'A defect of the agent'],
} as const satisfies Readonly<Record<string, readonly [status: number, title: string]>>;

/** Stable code of a problem. */
export type ProblemCode = keyof typeof PROBLEMS;

/** Thrown by routes; becomes the answer. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly nextStep: string | undefined;
  /** What the answer's head says of it. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, nextStep?: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.code = code;
    this.nextStep = nextStep;
    this.headers = headers;
  }

  /** HTTP status of the answer. */
  get statusCode(): number {
    return PROBLEMS[this.code][0];
  }

  /** What is sent. */
  toJSON(): ProblemView {
    const [status, title] = PROBLEMS[this.code];
    const view: ProblemView = {
      type: `urn:gpu-node-agent:problem:${this.code}`,
      title,
      status,
      code: this.code,
      detail: this.message,
    };
    return this.nextStep === undefined ? view : { ...view, nextStep: this.nextStep };
  }
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptsGzip, metricsFormat } from '../../src/http/negotiation.js';

describe('the format of the metrics', () => {
  it.each([
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text; version=1.0.0', 'openmetrics'],
    ['application/openmetrics-text; version="1.0.0"; charset=utf-8', 'openmetrics'],
    ['APPLICATION/OPENMETRICS-TEXT;VERSION=1.0.0', 'openmetrics'],
    // A version that is not spoken here leaves the last resort.
    ['application/openmetrics-text;version=2.0.0', 'text'],
    ['application/openmetrics-text;version=0.0.1,text/plain;q=0.1', 'text'],
    // Liked less, equally, not at all.
    ['application/openmetrics-text;q=0.5,text/plain;version=0.0.4', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.5', 'openmetrics'],
    ['application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.9', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=2', 'text'],
    ['application/openmetrics-text;q=abc,*/*', 'text'],
    // Prometheus 3 adds the escaping it can take.
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
  ])('for %j is %s', (accept, format) => {
    expect(metricsFormat(accept)).toBe(format);
  });

  it('is one of the two, whatever the header says', () => {
    fc.assert(
      fc.property(fc.string(), (accept) => {
        expect(['text', 'openmetrics']).toContain(metricsFormat(accept));
      }),
    );
  });
});

describe('gzip', () => {
  it.each([
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['GZIP', true],
    ['x-gzip', true],
    ['deflate, gzip;q=1.0, *;q=0.5', true],
    ['*', true],
    ['gzip;q=0', false],
    ['gzip;q=0, *', false],
    ['identity', false],
    ['identity;q=1, gzip;q=0.5', false],
    ['identity;q=0.5, gzip;q=1', true],
    ['br', false],
  ])('for %j: %s', (header, wanted) => {
    expect(acceptsGzip(header)).toBe(wanted);
  });
});

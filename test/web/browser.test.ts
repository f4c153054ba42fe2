import { existsSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildWebApp } from '../../src/http/app.js';
import { openWebServer, type WebServer } from '../../src/http/web-server.js';
import type { NodeState } from '../../src/model/node-state.js';
import { finding, fullState, gpu, runningState } from '../http/node-states.js';
import measureContrast from './contrast.client.js';

/** A browser of the system; the tests that need one are left out where there is none. */
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

describe.skipIf(executablePath === undefined)('the page in a browser', () => {
  let browser: Browser;
  let server: WebServer;
  let app: FastifyInstance;
  let state: NodeState;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  async function open(options: { javaScriptEnabled?: boolean; width?: number; colorScheme?: 'light' | 'dark' } = {}) {
    const { javaScriptEnabled = true, width = 1_280, colorScheme = 'light' } = options;
    app = buildWebApp({
      source: { current: () => state },
      metrics: { render: async () => Buffer.from('x 1\n') },
      maxRequests: 4,
      telemetryPath: '/metrics',
      log: undefined,
    });
    server = await openWebServer(app, '127.0.0.1:0');
    page = await browser.newPage({ javaScriptEnabled, colorScheme, viewport: { width, height: 900 } });
    complaints.length = 0;
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(server.url);
  }
  afterEach(async () => {
    await page.close();
    await server.close();
  });

  it('follows the node, keeps the cards that do not change, and breaks none of its own rules', async () => {
    state = runningState();
    await open();
    await page.evaluate("document.getElementById('gpu-0').mark = 'kept'");
    state = runningState({ gpus: [gpu(0), gpu(1, { name: 'NVIDIA changed' })], findings: [finding()] });
    await page.getByText('NVIDIA changed').waitFor({ timeout: 10_000 });
    expect(await page.getByText('Drain the node, then reset GPU 0.').count()).toBe(1);
    expect(await page.evaluate("document.getElementById('gpu-0').mark")).toBe('kept');
    expect(await page.locator('#liveness').textContent()).toBe('Live');
    state = runningState({ gpus: [gpu(0)] });
    await page.locator('#gpu-1').waitFor({ state: 'detached', timeout: 10_000 });
    expect(complaints).toEqual([]);
  });

  it('says when the agent does not answer any more', async () => {
    state = runningState();
    await open();
    await server.close();
    await page.getByText('The agent has not answered for').waitFor({ timeout: 10_000 });
    expect(await page.locator('body').getAttribute('class')).toBe('silent');
    expect(await page.getByText('A100').first().isVisible()).toBe(true);
  });

  it('is complete without JavaScript', async () => {
    state = fullState();
    await open({ javaScriptEnabled: false });
    expect(await page.locator('article.card').count()).toBe(2);
    expect(await page.getByText('Simulated node.').isVisible()).toBe(true);
    expect(await page.locator('.finding').count()).toBe(2);
  });

  it.each([320, 768, 1_280])('fits a screen of %d pixels', async (width) => {
    state = fullState();
    await open({ width });
    const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    expect(overflow).toBeLessThanOrEqual(0);
  });

  it.each(['light', 'dark'] as const)('has text of enough contrast in the %s theme', async (colorScheme) => {
    state = fullState();
    await open({ colorScheme });
    const ratios = await page.evaluate<{ text: string; ratio: number }[]>(measureContrast);
    expect(ratios.length).toBeGreaterThan(30);
    expect(ratios.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
  });
});

// @ts-check
/** HAMi usage files for tests and for the simulated node: the five layouts, and what containers do to them. */
export { damageUsageFile, USAGE_DAMAGES } from './hami-damage.mjs';
export { patchUsageFile, readLayout, writeUsageFile } from './hami-file.mjs';
export { LAYOUTS } from './hami-layouts.mjs';

/**
 * @typedef {import('./hami-content.mjs').UsageContent} UsageContent
 * @typedef {import('./hami-content.mjs').UsageDevice} UsageDevice
 * @typedef {import('./hami-content.mjs').UsageOnDevice} UsageOnDevice
 * @typedef {import('./hami-content.mjs').UsageProcess} UsageProcess
 * @typedef {import('./hami-layouts.mjs').LayoutName} LayoutName
 */

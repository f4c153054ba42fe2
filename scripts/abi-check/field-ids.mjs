/** The numbers of the field values the agent reads, against the real headers' names. */
import { readFileSync } from 'node:fs';
import { inRoot } from '../layout.mjs';
import { readRealNames } from './declarations.mjs';
import { askCompiler } from './facts.mjs';

const table = 'native/core/nvml/field_ids.h';

/** Which field each reading comes from; a row of the table that is not here is a problem. */
const fieldOfReading = /** @type {Readonly<Record<string, string>>} */ ({
  clocks_event_sw_power_cap_seconds_total: 'NVML_FI_DEV_PERF_POLICY_POWER',
  clocks_event_sync_boost_seconds_total: 'NVML_FI_DEV_PERF_POLICY_SYNC_BOOST',
  clocks_event_sw_thermal_slowdown_seconds_total: 'NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN',
  clocks_event_hw_thermal_slowdown_seconds_total: 'NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN',
  clocks_event_hw_power_brake_slowdown_seconds_total: 'NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN',
  memory_temperature_celsius: 'NVML_FI_DEV_MEMORY_TEMP',
  power_average_watts: 'NVML_FI_DEV_POWER_AVERAGE',
  power_instant_watts: 'NVML_FI_DEV_POWER_INSTANT',
  temperature_limit_offset_shutdown_celsius: 'NVML_FI_DEV_TEMPERATURE_SHUTDOWN_TLIMIT',
  temperature_limit_offset_slowdown_celsius: 'NVML_FI_DEV_TEMPERATURE_SLOWDOWN_TLIMIT',
  temperature_limit_offset_memory_max_celsius: 'NVML_FI_DEV_TEMPERATURE_MEM_MAX_TLIMIT',
  temperature_limit_offset_gpu_max_celsius: 'NVML_FI_DEV_TEMPERATURE_GPU_MAX_TLIMIT',
});

/**
 * @param {readonly import('./headers.mjs').RealHeader[]} headers
 * @returns {Promise<import('./compare.mjs').Outcome>}
 */
export async function compareFieldIds(headers) {
  const rows = [...readFileSync(inRoot(table), 'utf8').matchAll(/\{Reading::(\w+),\s*(\d+),/g)];
  /** @type {string[]} */
  const problems = [];
  const unseen = new Map();
  for (const [, reading = '', id = ''] of rows) {
    if (fieldOfReading[reading] === undefined) problems.push(`${table}: ${reading} has no field name in this check`);
    else unseen.set(reading, id);
  }
  if (rows.length === 0) problems.push(`${table}: no row found`);
  const expected = new Map(unseen);
  for (const header of headers) {
    const known = new Set(readRealNames(readFileSync(header.path, 'utf8')).values.values());
    const questions = [...expected.keys()]
      .map((reading) => ({ key: reading, name: fieldOfReading[reading] ?? '' }))
      .filter(({ name }) => known.has(name));
    if (questions.length === 0) continue;
    const name = `field-ids-of-${header.name.replace(/\W+/g, '-')}`;
    for (const [reading, id] of await askCompiler(name, [`#include "${header.path}"`], questions, [])) {
      unseen.delete(reading);
      if (id !== expected.get(reading)) {
        problems.push(`${table}: ${reading} is field ${expected.get(reading)}, ${header.name} says ${id}`);
      }
    }
  }
  for (const reading of unseen.keys())
    problems.push(`${table}: the field of ${reading} is in none of the real headers`);
  return { compared: expected.size - unseen.size, problems };
}

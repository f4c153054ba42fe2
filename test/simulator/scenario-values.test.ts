import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

/**
 * A reader that mixes up two fields, two GPUs or two units must not get the right number by chance. So every value
 * with room for it is unlike every other one of its scenario, as the library says it and in base units.
 */
const folder = join(import.meta.dirname, '../../simulator/scenarios');
const scenarios = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

const expectationOf = (file: string): string => join(folder, file.replace(/\.yaml$/, '.expected.json'));

type Value = number | string | readonly (number | string)[] | { first: number; step: number };
interface Group {
  count: number;
  attributes?: Record<string, Value>;
  mig?: ({ gpu: number; gpuInstance: number; computeInstance: number } & Record<string, number | string>)[];
  processes?: { gpu: number; pid: number; usedBytes?: number }[];
}
interface Scenario {
  name: string;
  groups: Group[];
}

/** Attributes in units of so many of the base unit. The fields of one clock domain or limit are no exception. */
const scales: readonly (readonly [RegExp, number])[] = [
  [/Bytes(PerSecond)?$/, 1],
  [/Megahertz$/, 1e6],
  [/Milliwatts$/, 1e-3],
  [/Millijoules$/, 1e-3],
  [/Nanoseconds$/, 1e-9],
  [/^(ecc(Un)?[cC]orrected|pcie(Transmitted|Received)|nvlinkData)/, 1],
];

/** Exact whatever the scale: a division can make two doubles equal that were not. */
interface Sighting {
  readonly place: string;
  readonly value: number;
}

function load(file: string): Scenario {
  return parse(readFileSync(join(folder, file), 'utf8')) as Scenario;
}

function valueAt(value: Value, gpu: number): number | string | undefined {
  if (typeof value !== 'object') return value;
  return 'first' in value ? value.first + gpu * value.step : value[gpu];
}

function sightings(scenario: Scenario): Sighting[] {
  const found: Sighting[] = [];
  for (const [position, group] of scenario.groups.entries()) {
    for (const [name, value] of Object.entries(group.attributes ?? {})) {
      const scale = scales.find(([pattern]) => pattern.test(name))?.[1];
      if (scale === undefined) continue;
      for (let gpu = 0; gpu < group.count; gpu++) {
        const number = Number(valueAt(value, gpu));
        const place = `group ${position} gpu ${gpu} ${name}`;
        found.push({ place, value: number });
        if (scale !== 1) found.push({ place: `${place} in base units`, value: number * scale });
      }
    }
    const instancesSeen = new Set<string>();
    for (const instance of group.mig ?? []) {
      // Compute instances of one GPU instance share its memory: their numbers are the same on real cards too.
      const key = `${instance.gpu}/${instance.gpuInstance}`;
      if (instancesSeen.has(key)) continue;
      instancesSeen.add(key);
      for (const [name, value] of Object.entries(instance)) {
        if (name.endsWith('Bytes'))
          found.push({ place: `group ${position} instance ${key} ${name}`, value: Number(value) });
      }
    }
    for (const process of group.processes ?? []) {
      if (process.usedBytes !== undefined) {
        found.push({ place: `group ${position} gpu ${process.gpu} pid ${process.pid}`, value: process.usedBytes });
      }
    }
  }
  return found;
}

test('there are scenarios to look at', () => {
  expect(scenarios).toEqual(
    expect.arrayContaining(['a100-passthrough.yaml', 'dgx-a100-mig.yaml', 'mixed.yaml', 't4-hami.yaml']),
  );
});

describe.each(scenarios)('%s', (file) => {
  const scenario = load(file);

  test('is named after its file', () => {
    expect(`${scenario.name}.yaml`).toBe(file);
  });

  test('no number with a unit appears twice', () => {
    const byValue = new Map<number, string>();
    const twice: string[] = [];
    const all = sightings(scenario);
    for (const { place, value } of all) {
      const other = byValue.get(value);
      if (other !== undefined) twice.push(`${value}: ${other} and ${place}`);
      byValue.set(value, place);
    }
    expect(all.length).toBeGreaterThan(50);
    expect(twice).toEqual([]);
  });

  test('temperatures differ within a GPU, and each field between GPUs', () => {
    for (const group of scenario.groups) {
      const fields = Object.entries(group.attributes ?? {}).filter(
        ([name]) => name.endsWith('Celsius') && !name.startsWith('tlimit'),
      );
      for (let gpu = 0; gpu < group.count; gpu++) {
        const values = fields.map(([, value]) => valueAt(value, gpu));
        expect(new Set(values).size, `gpu ${gpu}: ${values}`).toBe(values.length);
      }
      for (const [name, value] of fields.filter(([field]) => !field.includes('Margin'))) {
        const values = Array.from({ length: group.count }, (_, gpu) => valueAt(value, gpu));
        expect(new Set(values).size, `${name}: ${values}`).toBe(values.length);
      }
    }
  });

  test('flags and enums take more than one value where there is more than one GPU', () => {
    for (const group of scenario.groups.filter(
      ({ count, attributes }) => count >= 4 && attributes?.uuid === undefined,
    )) {
      for (const name of ['persistenceMode', 'computeMode', 'accountingMode', 'clocksEventReasons', 'eccModePending']) {
        const value = group.attributes?.[name];
        if (value === undefined) continue;
        expect(Array.isArray(value) && new Set(value).size > 1, name).toBe(true);
      }
    }
  });
});

describe.each(scenarios.filter((name) => existsSync(expectationOf(name))))('expectations of %s', (file) => {
  const expected = JSON.parse(readFileSync(expectationOf(file), 'utf8')) as {
    scenario: string;
    gpus: { index: number; uuid: string; readings: Record<string, number> }[];
  };

  test('belong to the scenario, and every GPU is marked as simulated', () => {
    expect(`${expected.scenario}.yaml`).toBe(file);
    for (const gpu of expected.gpus) expect(gpu.uuid).toMatch(/^GPU-51000000-/);
  });

  test('hold no bytes, hertz, joules, celsius or seconds twice, and no watts but those of one draw', () => {
    const seen = new Map<number, string>();
    const twice: string[] = [];
    for (const { index, readings } of expected.gpus) {
      for (const [name, value] of Object.entries(readings)) {
        // The three power readings are one draw seen three ways, and stand still with the load.
        if (
          !/_(bytes|hertz|watts|joules_total|celsius|seconds_total)$/.test(name) ||
          /^power_(average|instant)/.test(name)
        )
          continue;
        // Offsets of a few degrees have no room.
        if (name.startsWith('temperature_limit_offset') || name.startsWith('temperature_margin')) continue;
        const other = seen.get(value);
        if (other !== undefined) twice.push(`${value}: ${other} and gpu ${index} ${name}`);
        seen.set(value, `gpu ${index} ${name}`);
      }
    }
    expect(seen.size).toBeGreaterThan(40);
    expect(twice).toEqual([]);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { accepts } from '../../../src/config/form.ts';
import { variableOf } from '../../../src/config/settings/setting.ts';
import { settings } from '../../../src/config/table.ts';

const chart = new URL('../../../deploy/helm/acronis-upsell-operator/', import.meta.url);
const values: unknown = parse(readFileSync(new URL('values.yaml', chart), 'utf8'));
const record = z.record(z.string(), z.unknown());
const at = (path: string): unknown => path.split('.').reduce<unknown>((found, key) => record.parse(found)[key], values);

/** As the chart writes it for the binary. */
const written = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value));

const inChart = settings.flatMap(({ flag, byDefault = '', chart: place }) =>
  place === undefined || place.value === '' ? [] : [[flag, place.value, byDefault] as const],
);

describe('the chart', () => {
  it.each(inChart.filter(([, value]) => !/port$|Grace/.test(value)))(
    'has for %s the value %s, with its default %j',
    (_flag, value, byDefault) => {
      expect(written(at(value))).toBe(byDefault);
    },
  );

  it('has a port, and ten seconds more than the grace, where the binary has another form', () => {
    expect(`:${at('metrics.port')}`).toBe(settings.find(({ flag }) => flag === '--metrics-bind-address')?.byDefault);
    expect(`:${at('probes.port')}`).toBe(
      settings.find(({ flag }) => flag === '--health-probe-bind-address')?.byDefault,
    );
    expect(`${Number(at('terminationGracePeriodSeconds')) - 10}s`).toBe(
      settings.find(({ flag }) => flag === '--shutdown-grace')?.byDefault,
    );
  });

  it('can give every setting but those of a process outside of it', () => {
    const without = settings.filter(({ chart: place }) => place === undefined).map(({ flag }) => flag);
    expect(without).toEqual(['--acronis-credentials-dir', '--kubeconfig']);
  });
});

describe('the table', () => {
  it('has each flag once', () => {
    expect(new Set(settings.map(({ flag }) => variableOf(flag))).size).toBe(settings.length);
  });

  it.each(settings.filter(({ byDefault = '' }) => byDefault !== ''))(
    'takes the default of $flag',
    ({ kind, byDefault = '' }) => {
      const entries = kind.shape === 'list' ? byDefault.split(',') : [byDefault];
      for (const entry of entries) expect(accepts(kind.form, entry)).toBe(true);
    },
  );

  it('has patterns that Go reads as JavaScript does: no class, group or anchor that only one of them has', () => {
    for (const { kind, flag } of settings) expect(kind.form.pattern, flag).not.toMatch(/\\[sSwWdDbB]|\(\?|\\[1-9]|\$./);
  });
});

/**
 * The one table of settings. `run --help` and its parsers, docs/reference/settings.md, and of the chart: the schema of its values, the arguments of the pod and
 * what its templates refuse, all come from here. A setting that has a value in the chart has the same default there (a test compares them).
 */
import { acronisSettings } from './settings/acronis.ts';
import { processSettings } from './settings/process.ts';
import type { Setting } from './settings/setting.ts';
import { workSettings } from './settings/work.ts';

export const settings: readonly Setting[] = [...acronisSettings, ...workSettings, ...processSettings];

/** The scenarios in their order, each contender in turn (A B A B …), so that whatever disturbs the machine for a while disturbs all. */
import type { Contender, Settings } from './contenders.ts';
import type { Lab } from './lab.ts';
import type { BenchOptions, ScenarioName } from './options.ts';
import { contenders, type Sample } from './sample.ts';
import { churn } from './scenarios/churn.ts';
import { Fleet } from './scenarios/fleet.ts';
import { type LifecycleOptions, lifecycle } from './scenarios/lifecycle.ts';
import { neighbours } from './scenarios/neighbours.ts';
import { policy } from './scenarios/policy.ts';
import { restart } from './scenarios/restart.ts';
import { line } from './statistics.ts';

/** The defaults of production. Go's is so long that no second reconcile falls into a phase, except where drift has to be seen within a minute. */
const production: Settings = { driftMs: 15_000, resyncMs: 3_600_000, goResyncMs: 3_600_000 };

/** Go's way to see drift is to reconcile everything, which takes it about that long at 50,000 objects. */
const goDriftMs = 60_000;

export interface Contenders {
  /** Ours first. */
  readonly operators: readonly [Contender, ...Contender[]];
  /** It takes part in burst and small-burst, and nowhere else. */
  readonly bare?: Contender;
}

export async function runScenarios(
  lab: Lab,
  { operators, bare }: Contenders,
  options: BenchOptions,
  took: (samples: readonly Sample[]) => Promise<void>,
): Promise<void> {
  const wanted = (...names: ScenarioName[]): boolean => names.some((name) => options.scenario.includes(name));
  const inTurn = async (
    repeats: number,
    act: (contender: Contender, repeat: number) => Promise<readonly Sample[]>,
    all: readonly Contender[] = operators,
  ) => {
    for (let repeat = 1; repeat <= repeats; repeat++)
      for (const contender of all) await took(await act(contender, repeat));
  };
  const all = bare === undefined ? operators : [...operators, bare];
  const born = async (contender: Contender, n: number, what: LifecycleOptions) => {
    const samples = await lifecycle(lab, contender, n, what);
    return contender === bare ? samples.map(withoutProcess) : samples;
  };
  const { objects, repeat } = options;
  if (wanted('burst', 'edit', 'delete')) {
    const burst = wanted('burst') ? { create: 'burst' } : {};
    const phases = {
      ...burst,
      ...(wanted('edit') ? { edit: 'edit' } : {}),
      ...(wanted('delete') ? { remove: 'delete' } : {}),
    };
    const life = { objects, settings: production, deletionPolicy: 'Retain' } as const;
    await inTurn(
      repeat,
      (contender, n) => born(contender, n, { ...life, phases: contender === bare ? burst : phases }),
      wanted('burst') ? all : operators,
    );
  }
  if (wanted('small-burst')) {
    const small = {
      objects: Math.ceil(objects * 0.4),
      settings: production,
      deletionPolicy: 'Retain',
      phases: { create: 'small burst' },
    } as const;
    await inTurn(repeat, (contender, n) => born(contender, n, small), all);
  }
  if (wanted('revoke')) {
    const phases = { create: 'burst (Revoke)', remove: 'delete (Revoke)' };
    await inTurn(repeat, (contender, n) =>
      lifecycle(lab, contender, n, { objects, settings: production, deletionPolicy: 'Revoke', phases }),
    );
  }

  if (wanted('neighbours')) {
    const what = {
      settings: production,
      waiting: 2 * objects,
      ms: options.churnSeconds * 1000,
      perSecond: options.churnRate,
    };
    await inTurn(repeat, (contender, n) => neighbours(lab, contender, n, what), [operators[0]]);
  }

  if (wanted('policy')) {
    const { policyUsers: users, policyTenants: tenants } = options;
    // As it is installed: the change feed is asked every 15 s.
    const settings = { ...production, driftMs: 15_000 };
    await inTurn(repeat, (contender, n) => policy(lab, contender, n, { settings, users, tenants, changes: 5 }), [
      operators[0],
    ]);
  }

  if (!wanted('restart', 'steady', 'drift', 'churn', 'memory')) return;
  const fleet = new Fleet(lab, operators[0], production);
  const driftMs = options.quick ? 5_000 : production.driftMs;
  const settings = wanted('steady', 'drift')
    ? { ...production, driftMs, goResyncMs: options.quick ? driftMs : goDriftMs }
    : production;
  const atFleet = async () => {
    await fleet.growTo(options.fleet);
    if (wanted('restart', 'steady', 'drift')) {
      const steadyMs = wanted('steady') ? options.steadySeconds * 1000 : 0;
      const drifting = wanted('drift') ? 10 : 0;
      await inTurn(repeat, (contender, n) => restart(lab, contender, n, fleet, { settings, steadyMs, drifting }));
    }
    if (wanted('churn')) {
      const passMs = Math.max(1_000, Math.round(options.fleet / 3));
      const what = {
        settings: { driftMs: 60_000, resyncMs: passMs, goResyncMs: passMs },
        ms: options.churnSeconds * 1000,
        perSecond: options.churnRate,
      };
      await inTurn(repeat, (contender, n) => churn(lab, contender, n, fleet, what));
    }
  };
  const sizes = wanted('memory') ? options.memorySizes : [];
  const memory: Sample[] = [];
  for (const size of sizes.filter((each) => each < options.fleet)) memory.push(...(await weigh(size)));
  if (wanted('restart', 'steady', 'drift', 'churn') || sizes.includes(options.fleet)) await atFleet();
  for (const size of sizes.filter((each) => each >= options.fleet)) memory.push(...(await weigh(size)));
  if (memory.length > 0) await took(slopes(memory));

  async function weigh(size: number): Promise<readonly Sample[]> {
    await fleet.growTo(size);
    const found: Sample[] = [];
    await inTurn(repeat, async (contender, n) => {
      const samples = await restart(lab, contender, n, fleet, { settings: production, steadyMs: 0, drifting: 0 });
      const weighed = samples.map((sample) => ({ ...sample, phase: 'memory' }));
      found.push(...weighed);
      return weighed;
    });
    return found;
  }
}

/** The bare loop runs from its sources, unbundled: its memory and its start mean nothing. */
function withoutProcess({ figures: { rssMiB, peakRssMiB, readyS, ...figures }, ...sample }: Sample): Sample {
  return { ...sample, figures };
}

/** What a further object costs, by contender, from all sizes together. */
export function slopes(samples: readonly Sample[]): Sample[] {
  return contenders.flatMap((contender): Sample[] => {
    const own = samples.filter((sample) => sample.contender === contender);
    const slopeOf = (figure: string) =>
      line(
        own.flatMap(({ objects, figures: { [figure]: mib } }) => (mib === undefined ? [] : [[objects, mib] as const])),
      );
    const memory = slopeOf('rssMiB');
    if (memory === undefined) return [];
    const objects = Math.max(...own.map((sample) => sample.objects));
    return [
      {
        phase: 'memory, slope up to',
        contender,
        repeat: 1,
        objects,
        figures: { bytesPerObject: memory.slope * 2 ** 20, rssMiB: memory.at0 },
      },
    ];
  });
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { until } from '../../sandbox/until.ts';
import { crdName } from './cluster.ts';
import { Installed, isReady, requestedAt } from './installed.ts';
import { complaints, counted, type Expected } from './judge-logs.ts';
import type { Pod } from './pods.ts';
import { mib, milli, quantity, table, type Usage, usageOf } from './usage.ts';

let here: Installed;
beforeAll(async () => {
  here = await Installed.prepare(process.env);
});
afterAll(async () => {
  await here?.[Symbol.asyncDispose]();
});

const whileRotating: Expected = {
  msg: /^the change feed does not respond/,
  because: 'the secret that Acronis takes is another one for a while, as it is in a rotation',
};
const whileUninstalled: Expected = {
  msg: /^(the lease could not be released|cannot use the lease|cannot keep up with a resource)/,
  because: 'helm takes the rights away together with the pods, which then still have some seconds to live',
};

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const print = (line: string) => console.log(line);

/** Requests to write a user, sent and applied, of each. */
const writes = (users: readonly string[]) => users.map((id) => here.acronis.ledger.putsOf(id));
const once = { sent: 1, applied: 1, conflicts: 0 };

/** Each test goes on where the one before it ended. */
describe('the image, installed with the chart on a cluster with nodes', () => {
  it('two pods become Ready by their own probes, where the restricted Pod Security Standard is enforced', async () => {
    const { cluster } = here;
    const unfit = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: cluster.system, name: 'unfit' },
      spec: { containers: [{ name: 'unfit', image: cluster.image }] },
    };
    const { exitCode, stderr } = await cluster.tried(['create', '--dry-run=server', '-f', '-'], JSON.stringify(unfit));
    expect(exitCode, 'a pod that asks for no restriction is refused').not.toBe(0);
    expect(stderr).toContain('violates PodSecurity "restricted');

    const began = performance.now();
    await here.rollOut('install');
    const pods = await here.untilTwoPods();
    print(`installed, two pods Ready: ${seconds(began)}`);
    expect(pods.map(({ restarts }) => restarts)).toEqual([0, 0]);
    await here.untilLed(() => true);
  });

  it('objects become Ready, and their users buyers, with one PUT each', async () => {
    const began = performance.now();
    const made = await here.create('first', 50);
    await here.untilReady(made.map(({ name }) => name));
    print(`50 new objects Ready: ${seconds(began)}`);
    const users = made.map(({ user }) => user);
    for (const id of users) expect(here.acronis.directory.get(id)?.businessTypes).toEqual(['buyer']);
    expect(writes(users)).toEqual(users.map(() => once));
  });

  it("the leader's pod is deleted and another one takes over", async () => {
    const { cluster } = here;
    const leader = await here.untilLed(() => true);
    const began = performance.now();
    await cluster.ok(['-n', cluster.system, 'delete', 'pod', leader ?? '', '--wait=false']);
    // The one that waited, or the new one, which is there within seconds: the first to check when the lease is released.
    await here.untilLed((name) => name !== leader);
    print(`the leader's pod deleted, another one leads: ${seconds(began)}`);
    const made = await here.create('taken-over', 5);
    await here.untilReady(made.map(({ name }) => name));
    print(`… and 5 new objects Ready: ${seconds(began)}`);
    expect(writes(made.map(({ user }) => user))).toEqual(made.map(() => once));
    await here.untilTwoPods();
  });

  it('a rotated Secret is seen without a restart', async () => {
    const before = await here.untilTwoPods();
    // Acronis forgets the old one immediately: until the new one is seen, nothing can be read or written.
    here.acronis.console.resetSecret(here.acronis.clientId);
    const made = await here.create('rotated', 5);
    const began = performance.now();
    await here.writeSecret();
    // The kubelet brings a changed Secret to its pods within a minute or two.
    await here.untilReady(
      made.map(({ name }) => name),
      240_000,
    );
    print(`the Secret rotated, seen, and 5 new objects Ready: ${seconds(began)}`);
    const after = await here.untilTwoPods();
    expect(after.map(({ name, restarts }) => [name, restarts])).toEqual(before.map(({ name }) => [name, 0]));
    // What was Ready before stays so.
    expect((await here.objects()).filter((each) => !isReady(each))).toEqual([]);
  });

  it('a rolling upgrade loses no reconcile and makes no second PUT', async () => {
    const { cluster } = here;
    const before = await here.untilTwoPods();
    const asked = (await here.objects()).map(({ metadata }) => metadata.name);
    const made: { name: string; user: string }[] = [];
    let over = false;
    const began = performance.now();
    const upgrade = here.rollOut('upgrade', { 'example.com/rolled': 'yes' }).finally(() => {
      over = true;
    });
    // Whatever happens: its end is checked below.
    upgrade.catch(() => {});
    while (!over) {
      made.push(...(await here.create('rolling', 5)));
      const name = asked[made.length / 5 - 1];
      if (name !== undefined)
        await cluster.ok(['-n', cluster.customers, 'annotate', 'tuu', name, `${requestedAt}=rolling`]);
    }
    await upgrade;
    const after = await here.untilTwoPods();
    print(`upgraded: ${seconds(began)}; ${made.length} objects were made meanwhile`);
    expect(after.map(({ name }) => name)).not.toContain(before[0]?.name);
    expect(after.map(({ name }) => name)).not.toContain(before[1]?.name);

    await here.untilReady(made.map(({ name }) => name));
    const users = made.map(({ user }) => user);
    expect(writes(users)).toEqual(users.map(() => once));
    const requested = asked.slice(0, made.length / 5);
    await until(
      'every request for a reconcile was handled',
      async () => {
        const handled = new Map(
          (await here.objects()).map(({ metadata, status }) => [metadata.name, status.lastHandledReconcileAt]),
        );
        return requested.filter((name) => handled.get(name) !== 'rolling');
      },
      (left) => left.length === 0,
      { withinMs: 60_000, everyMs: 250 },
    );
  });

  it('helm test passes', async () => {
    const { cluster } = here;
    const began = performance.now();
    expect(await cluster.helm(['test', cluster.release, '--timeout=3m'])).toMatch(/Phase:\s+Succeeded/);
    print(`helm test passed: ${seconds(began)}`);
  });

  it('the pods stay within the memory that the chart requests', async () => {
    const { cluster } = here;
    const { resources } = z
      .object({
        resources: z.object({
          requests: z.object({ cpu: z.string(), memory: z.string() }),
          limits: z.object({ memory: z.string() }),
        }),
      })
      .parse(
        JSON.parse(
          await cluster.ok([
            '-n',
            cluster.system,
            'get',
            'deploy',
            cluster.release,
            '-o',
            'jsonpath={.spec.template.spec.containers[0]}',
          ]),
        ),
      );
    const pods = await here.untilTwoPods();
    const leader = await here.untilLed(() => true);
    const measure = () => Promise.all(pods.map((pod) => usageOf(cluster, pod)));
    const first = await measure();
    // CPU at rest is what is used over a while in which nothing is requested.
    const second = await until(
      'some time has passed',
      measure,
      ([pod]) => (pod?.age ?? 0) - (first[0]?.age ?? 0) >= 20,
      { withinMs: 60_000, everyMs: 20_000 },
    );
    const row = (now: Usage, index: number) => {
      const then = first[index] ?? now;
      return [
        now.pod,
        now.pod === leader ? 'leads' : 'waits',
        mib(now.workingSet),
        mib(now.resident),
        milli(now.cpu / now.age),
        milli((now.cpu - then.cpu) / (now.age - then.age)),
      ];
    };
    const { requests, limits } = resources;
    print(
      table([
        ['pod', '', 'working set', 'resident', 'CPU since start', 'CPU at rest'],
        ...second.map(row),
        ['requested', '', mib(quantity(requests.memory)), '', '', milli(quantity(requests.cpu))],
        ['limit', '', mib(quantity(limits.memory)), '', '', '–'],
      ]),
    );
    for (const { pod, workingSet, resident } of second)
      expect(workingSet ?? resident, pod).toBeLessThan(quantity(requests.memory));
  });

  it('uninstalled, it leaves the CRD and the objects', async () => {
    const { cluster } = here;
    const before = await here.objects();
    await cluster.helm(['uninstall', cluster.release, '--wait', '--timeout=2m']);
    await until(
      'no pod is left',
      () => here.pods.all().filter(({ gone }) => !gone),
      (left) => left.length === 0,
      { withinMs: 60_000 },
    );
    expect(await cluster.ok(['get', 'crd', crdName, '-o', 'name'])).toContain(crdName);
    expect(await here.objects()).toEqual(before);
    expect(before.length).toBeGreaterThan(60);
    const buyers = here.acronis.directory.all().filter(({ businessTypes }) => businessTypes.includes('buyer'));
    expect(buyers.length).toBeGreaterThanOrEqual(before.length);
  });

  it('every pod was stopped, ended with 0, and was never restarted', () => {
    const pods = here.pods.all();
    print(`${pods.length} pods ended with ${pods.map(({ exits }) => exits.join()).join(', ')}`);
    // Two at first, one in place of the deleted, two of the upgrade.
    expect(pods.length).toBe(5);
    for (const { name, exits, restarts, lines } of pods)
      expect([restarts, exits], `${name} said last:\n${lines.slice(-15).join('\n')}`).toEqual([0, [0]]);
  });

  it('the logs are clean', async () => {
    const ended = (pod: Pod) => pod.lines.some((line) => line.includes('"msg":"stopped"'));
    // The last lines may still be on their way here.
    const pods = await until(
      'every pod said its last word',
      () => here.pods.all(),
      (all) => all.every(ended),
    );
    const lines = pods.flatMap((pod) => pod.lines);
    print([...counted(lines)].map(([what, count]) => `${String(count).padStart(5)} × ${what}`).join('\n'));
    const last = pods.slice(-2);
    for (const pod of pods) {
      const expected = last.includes(pod) ? [whileRotating, whileUninstalled] : [whileRotating];
      expect(complaints(pod.lines, expected), pod.name).toEqual([]);
      // Nothing of a log was missed.
      expect(pod.lines[0], pod.name).toContain('"msg":"kubernetes connection"');
    }
  });

  it('no user was ever written twice, and no two pods wrote in turns', () => {
    const { ledger } = here.acronis;
    expect(ledger.stats()).toMatchObject({ usersPutMoreThanOnce: 0, putConflicts: 0 });
    // A process that takes over gets a token of its own; going back to an older one would mean that the one before it still writes.
    const tokens = ledger.writes.all().map(({ token }) => token ?? 0);
    expect(tokens.length).toBeGreaterThan(60);
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
  });
});

/** A real Prometheus on loopback that scrapes given addresses, with the chart's rules loaded. The program is the one on PATH. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import * as z from 'zod';
import { onPath } from '../../tools/on-path.ts';
import { freePort } from '../port.ts';
import { until } from '../until.ts';

export interface Target {
  /** host:port */
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PrometheusServer extends AsyncDisposable {
  readonly url: string;
  /** @throws Error with the server's message where the query is refused. */
  range(query: string, fromS: number, toS: number, stepS: number): Promise<readonly RangeSeries[]>;
  /** Each rule by name: firing, pending or inactive. @throws where one could not be evaluated. */
  alerts(): Promise<ReadonlyMap<string, string>>;
}

const seriesSchema = z.object({
  metric: z.record(z.string(), z.string()),
  values: z.array(z.tuple([z.number(), z.string()])),
});
export type RangeSeries = z.output<typeof seriesSchema>;

const responseSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('success'), data: z.unknown() }),
  z.object({ status: z.literal('error'), error: z.string() }),
]);
const rangeSchema = z.object({ result: z.array(seriesSchema) });
const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ name: z.string(), health: z.string(), state: z.string() })) })),
});

export async function startPrometheus(
  targets: readonly Target[],
  rulesFile: string,
  signal: AbortSignal,
): Promise<PrometheusServer> {
  const program = await onPath('prometheus', process.env);
  if (program === undefined)
    throw new Error('There is no prometheus on PATH: install it, as with `apt-get install prometheus`.');
  const dir = await mkdtemp(join(tmpdir(), 'upsell-prometheus-'));
  const port = await freePort();
  const config = {
    global: { scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '5s' },
    rule_files: [rulesFile],
    scrape_configs: [
      {
        job_name: 'acronis-upsell-operator-metrics',
        static_configs: targets.map(({ address, labels }) => ({ targets: [address], labels })),
      },
    ],
  };
  await writeFile(join(dir, 'prometheus.yml'), stringify(config));
  const child = execa(
    program,
    [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore', reject: false },
  );
  const url = `http://127.0.0.1:${port}`;
  const ask = async (path: string): Promise<unknown> => {
    const response = responseSchema.parse(await (await fetch(`${url}${path}`, { signal })).json());
    if (response.status === 'error') throw new Error(response.error);
    return response.data;
  };
  await until(
    'Prometheus is ready',
    () =>
      fetch(`${url}/-/ready`, { signal }).then(
        ({ ok }) => ok,
        () => false,
      ),
    Boolean,
    { signal },
  );
  return {
    url,
    async range(query, fromS, toS, stepS) {
      const search = new URLSearchParams({ query, start: `${fromS}`, end: `${toS}`, step: `${stepS}` });
      return rangeSchema.parse(await ask(`/api/v1/query_range?${search}`)).result;
    },
    async alerts() {
      const { groups } = rulesSchema.parse(await ask('/api/v1/rules'));
      return new Map(
        groups.flatMap(({ rules }) =>
          rules.map(({ name, health, state }) => {
            if (health === 'err') throw new Error(`Prometheus cannot evaluate ${name}.`);
            return [name, state] as const;
          }),
        ),
      );
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await child;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The chart's dashboard as the parts of it that matter without Grafana: panels, where they lie, what they ask, and the variables in what they ask. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const panelSchema = z.object({
  id: z.number(),
  type: z.string(),
  title: z.string(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  fieldConfig: z
    .object({
      defaults: z.object({
        unit: z.string().optional(),
        custom: z.object({ stacking: z.object({ mode: z.string() }) }).optional(),
        thresholds: z
          .object({ steps: z.array(z.object({ color: z.string(), value: z.number().nullable() })) })
          .optional(),
      }),
    })
    .optional(),
  targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).default([]),
});
export type Panel = z.output<typeof panelSchema>;

const variableSchema = z.object({ name: z.string(), type: z.string(), query: z.unknown() });
export type Variable = z.output<typeof variableSchema>;

export const dashboardSchema = z.object({
  title: z.string(),
  annotations: z.object({ list: z.array(z.object({ expr: z.string() })) }),
  templating: z.object({ list: z.array(variableSchema) }),
  panels: z.array(panelSchema),
});
export type Dashboard = z.output<typeof dashboardSchema>;

export const readDashboard = async (): Promise<Dashboard> =>
  dashboardSchema.parse(
    JSON.parse(
      await readFile(
        fileURLToPath(new URL('../../deploy/helm/acronis-upsell-operator/files/dashboard.json', import.meta.url)),
        'utf8',
      ),
    ),
  );

/** The constants of a dashboard, which Grafana shows to no one: the objectives, as the chart has them. */
export const constantsOf = ({ templating }: Pick<Dashboard, 'templating'>): ReadonlyMap<string, string> =>
  new Map(templating.list.flatMap(({ name, type, query }) => (type === 'constant' ? [[name, String(query)]] : [])));

/** A query as Grafana sends it while "All" is chosen. A variable that the dashboard does not have stays as it is written. */
export function queryOf(expr: string, dashboard: Pick<Dashboard, 'templating'>): string {
  const constants = constantsOf(dashboard);
  return expr
    .replaceAll(/\$(namespace|job)\b/g, '.*')
    .replaceAll(/\$\{(\w+)\}/g, (written, name: string) => constants.get(name) ?? written);
}

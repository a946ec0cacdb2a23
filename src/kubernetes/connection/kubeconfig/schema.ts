/**
 * The form of a kubeconfig (k8s.io/client-go/tools/clientcmd/api/v1), as far as it says where a server is and who asks.
 *
 * An entry is parsed when it is used, so that one which is not used never stops the start. What is absent or null is Go's zero value ('' or false or empty), as for
 * kubectl. The messages say what is wrong with a field and never quote it.
 */
import * as z from 'zod';

const text = z
  .string('is no text (put it in quotes)')
  .nullish()
  .transform((value) => value ?? '');
const flag = z
  .boolean('is neither true nor false')
  .nullish()
  .transform((value) => value ?? false);
const texts = z
  .array(z.string('is no text (put it in quotes)'), 'is no list')
  .nullish()
  .transform((value) => value ?? []);
/** Base64, line breaks allowed, as Go's decoder has it. */
const data = text
  .transform((value) => value.replaceAll(/[\r\n]/g, ''))
  .pipe(z.union([z.literal(''), z.base64('is not base64')]))
  .transform((value) => (value === '' ? undefined : Buffer.from(value, 'base64')));

export const entrySchema = z.object({ name: z.string() });

const list = z
  .array(z.unknown(), 'is no list')
  .nullish()
  .transform((value) => value ?? []);

export const fileSchema = z.object(
  {
    kind: z.literal('Config', 'is another one than Config: it is no kubeconfig').nullish(),
    clusters: list,
    users: list,
    contexts: list,
    'current-context': text,
  },
  'has not the form of a kubeconfig',
);

export const contextSchema = z.object({ cluster: text, user: text, namespace: text });

export const clusterSchema = z.object({
  server: text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': flag,
  'certificate-authority': text,
  'certificate-authority-data': data,
  'proxy-url': text,
  'disable-compression': flag,
  extensions: z
    .array(z.object({ name: z.string(), extension: z.unknown() }), 'is no list')
    .nullish()
    .transform((value) => value ?? []),
});

const pluginApiVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'] as const;

const execSchema = z
  .object({
    command: z.string('is missing').min(1, 'is missing'),
    args: texts,
    env: z
      .array(z.object({ name: z.string('is missing').min(1, 'is missing'), value: text }), 'is no list')
      .nullish()
      .transform((value) => value ?? []),
    apiVersion: z.enum(pluginApiVersions, `is neither ${pluginApiVersions.join(' nor ')}`),
    installHint: text,
    provideClusterInfo: flag,
    interactiveMode: z.enum(['Never', 'IfAvailable', 'Always'], 'is neither Never, IfAvailable nor Always').nullish(),
  })
  .refine(({ apiVersion, interactiveMode }) => interactiveMode || apiVersion.endsWith('/v1beta1'), {
    path: ['interactiveMode'],
    message: 'is missing',
  })
  .refine(({ interactiveMode }) => interactiveMode !== 'Always', {
    path: ['interactiveMode'],
    message: 'is Always, and no person is there to be asked (set it to Never or IfAvailable)',
  });

/** `users[].user.exec`: a program that prints credentials. */
export type ExecSpec = z.output<typeof execSchema>;

const providerSchema = z.object({
  name: z.literal('oidc', 'is not oidc: kubectl has no other one any more, use an exec plugin'),
  config: z
    .record(z.string(), z.string('is no text (put it in quotes)'))
    .nullish()
    .transform((value) => value ?? {}),
});

/** `users[].user.auth-provider`. */
export type AuthProvider = z.output<typeof providerSchema>;

export const userSchema = z.object({
  'client-certificate': text,
  'client-certificate-data': data,
  'client-key': text,
  'client-key-data': data,
  token: text,
  tokenFile: text,
  as: text,
  'as-uid': text,
  'as-groups': texts,
  'as-user-extra': z
    .record(z.string(), texts, 'is no mapping')
    .nullish()
    .transform((value) => value ?? {}),
  username: text,
  password: text,
  'auth-provider': providerSchema.nullish(),
  exec: execSchema.nullish(),
});

export type ClusterEntry = z.output<typeof clusterSchema>;
export type UserEntry = z.output<typeof userSchema>;

/** What is wrong, with the field and without its value: `exec.apiVersion is missing`. */
export function faultOf(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'it has not the form of a kubeconfig';
  return `${issue.path.length === 0 ? 'it' : issue.path.map(String).join('.')} ${issue.message}`;
}

/** What etcd and kube-apiserver are given: the files in the control plane's directory, and the flags. */
import { generateKeyPair, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';

export interface ServerFiles {
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
  readonly tokens: string;
  /** The API server makes it itself, at its first start: its own certificate, and the authority that signed it. */
  readonly caFile: string;
  readonly audit: { readonly policy: string; readonly log: string } | undefined;
  /** The administrator's. */
  readonly token: string;
}

/** Who asked for what, and whether it was allowed; no bodies. Enough to compare rights with their use. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

export async function writeServerFiles(dir: string, withAudit: boolean): Promise<ServerFiles> {
  const token = randomBytes(32).toString('hex');
  const audit = withAudit ? { policy: join(dir, 'audit-policy.yaml'), log: join(dir, 'audit.log') } : undefined;
  const files: ServerFiles = {
    serviceAccountKey: join(dir, 'service-account.key'),
    serviceAccountPublicKey: join(dir, 'service-account.pub'),
    tokens: join(dir, 'tokens.csv'),
    caFile: join(dir, 'certs', 'apiserver.crt'),
    audit,
    token,
  };
  const keys = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const secret = { mode: 0o600 };
  await writeFile(files.serviceAccountKey, keys.privateKey, secret);
  await writeFile(files.serviceAccountPublicKey, keys.publicKey);
  await writeFile(files.tokens, `${token},admin,admin,"system:masters"\n`, secret);
  if (audit !== undefined) await writeFile(audit.policy, stringify(AUDIT_POLICY));
  return files;
}

/** etcd listens on a socket in the directory, so it needs no port and no other process reaches it. */
const etcdSocket = (dir: string): string => `unix://${join(dir, 'etcd.sock')}`;

export function etcdFlags(dir: string): readonly string[] {
  // It must advertise host and port. Neither is ever used: it has no peers, and the API server knows the socket.
  const nowhere = 'http://127.0.0.1:1';
  return [
    '--name=sandbox',
    `--data-dir=${join(dir, 'etcd')}`,
    `--listen-client-urls=${etcdSocket(dir)}`,
    `--advertise-client-urls=${nowhere}`,
    '--listen-peer-urls=http://127.0.0.1:0',
    `--initial-advertise-peer-urls=${nowhere}`,
    `--initial-cluster=sandbox=${nowhere}`,
    // The data is thrown away at the end, so it need not survive a power cut.
    '--unsafe-no-fsync',
    '--log-level=error',
  ];
}

export function apiServerFlags(dir: string, files: ServerFiles, port: number): readonly string[] {
  const audit =
    files.audit === undefined
      ? []
      : [
          `--audit-policy-file=${files.audit.policy}`,
          `--audit-log-path=${files.audit.log}`,
          '--audit-log-mode=blocking',
        ];
  return [
    `--etcd-servers=${etcdSocket(dir)}`,
    `--cert-dir=${join(dir, 'certs')}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    // Only written into the endpoints of the kubernetes service. Said here, it need not be guessed from a network that may not be there.
    '--advertise-address=192.0.2.1',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--service-account-key-file=${files.serviceAccountPublicKey}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${files.tokens}`,
    // Without controllers there are none of the default ServiceAccounts that this plugin demands of every pod.
    '--disable-admission-plugins=ServiceAccount',
    // On SIGTERM, end the watches: without it an open one holds a restart for a minute.
    '--shutdown-watch-termination-grace-period=1s',
    ...audit,
  ];
}

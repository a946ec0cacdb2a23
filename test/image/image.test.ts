import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFailed, onTestFinished } from 'vitest';
import * as z from 'zod';
import { startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { freePort } from '../../sandbox/port.ts';
import { until } from '../../sandbox/until.ts';
import { v8Flags } from '../../src/process/v8-flags.ts';
import { provision } from '../../tools/controlplane/provision.ts';
import { createProgress } from '../../tools/progress.ts';
import { bases } from './base.ts';
import { build, installEngine, podman, runStrictly } from './engine.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Other tests find it under this name. */
const image = process.env['IMAGE'] || 'localhost/acronis-upsell-operator:test';
const command = ['node', ...v8Flags, '/app/main.js'];
let version: string;

beforeAll(async () => {
  const progress = createProgress();
  version = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))).version;
  await progress.step('installing buildah and podman where they are missing', installEngine);
  const base = await progress.step('finding or making the base image', () => bases());
  await progress.step(`building the image (base ${base.source})`, () =>
    build({
      tag: image,
      context: root,
      buildArgs: { NODE_IMAGE: base.runtime, BUILD_IMAGE: base.build, VERSION: version, REVISION: 'test' },
    }),
  );
  const bytes = async (name: string) => Number(await podman('image', 'inspect', '--format', '{{.Size}}', name));
  const [whole, below] = [await bytes(image), await bytes(base.runtime)];
  progress.note(
    `image size: ${mib(whole)} MiB, ${((whole - below) / 2 ** 20).toFixed(1)} MiB of it on top of the base`,
  );
}, 1_200_000);

const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** What node in the image says about the file system there. */
async function evaluated(script: string): Promise<string> {
  const name = `upsell-image-${process.pid}`;
  const { all, exitCode } = await runStrictly(
    name,
    image,
    ['--entrypoint=node'],
    ['--input-type=commonjs', '--eval', script],
  );
  expect(exitCode, all).toBe(0);
  return all.trim();
}

describe('the image', () => {
  it('has a numeric user, no shell between the signal and node, and labels that say what it is', async () => {
    const config = z
      .object({
        User: z.string(),
        Entrypoint: z.array(z.string()),
        Cmd: z.array(z.string()),
        Labels: z.record(z.string(), z.string()),
        Healthcheck: z.unknown().optional(),
      })
      .parse(JSON.parse(await podman('image', 'inspect', '--format', '{{json .Config}}', image)));
    expect(config).toMatchObject({ User: '65532:65532', Entrypoint: command, Cmd: ['run'] });
    expect(config.Healthcheck).toBeUndefined();
    expect(config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'acronis-upsell-operator',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': 'test',
    });
  });

  it('holds the files of the bundle, their maps and the licenses, and nothing of npm', async () => {
    const files = await evaluated(`console.log(require('fs').readdirSync('/app').sort().join())`);
    expect(files).toBe('LICENSE,chunks,main.js,main.js.map,package.json');
    const chunks = await evaluated(`console.log(require('fs').readdirSync('/app/chunks').join('\\n'))`);
    expect(chunks.split('\n').filter((name) => !/^[A-Z0-9]{8}\.js(\.map|\.LEGAL\.txt)?$/.test(name))).toEqual([]);
  });

  it('can be asked for its version', async () => {
    const { all } = await runStrictly(`upsell-version-${process.pid}`, image, [], ['--version']);
    expect(all.trim()).toBe(version);
  });

  it('has a source map that leads from a stack trace to a line of the source', async () => {
    const found = await evaluated(`
      const { globSync, readFileSync } = require('fs');
      const file = globSync('/app/{main,chunks/*}.js').find((name) =>
        readFileSync(name, 'utf8').includes('shutting down, draining'));
      const lines = readFileSync(file, 'utf8').split('\\n');
      const line = lines.findIndex((each) => each.includes('shutting down, draining'));
      const column = lines[line].indexOf('shutting down, draining');
      const map = new (require('module').SourceMap)(JSON.parse(readFileSync(file + '.map', 'utf8')));
      const { originalSource, originalLine } = map.findEntry(line, column);
      console.log(originalSource + ':' + (originalLine + 1));`);
    const [, file, line] = /^(?:\.\.\/)*(src\/[\w/-]+\.ts):(\d+)$/.exec(found) ?? [];
    const source = (await readFile(join(root, file ?? 'nothing'), 'utf8')).split('\n');
    expect(source[Number(line) - 1]).toContain('shutting down, draining');
  });

  it.each([
    ['nobody', '65532:65532'],
    // OpenShift takes one from the namespace's range, in the group 0.
    ['a user of any number, in the group of root', '1000680000:0'],
  ])(
    'makes an object Ready, read-only, without capabilities, as %s, and ends with 0 on SIGTERM',
    async (_who, user) => {
      const { signal } = new AbortController();
      const { source: _, ...programs } = await provision({}, signal);
      const controlPlane = await startControlPlane({ programs }, signal);
      onTestFinished(() => controlPlane.stop());
      await kubectlOk(controlPlane, ['apply', '-f', join(root, 'crds')]);
      await kubectlOk(controlPlane, [
        'wait',
        '--for=condition=Established',
        'crd/tenantuserupsells.upsell.acronis.com',
      ]);
      const acronis = await startSandbox({ users: 20 });
      onTestFinished(() => acronis.stop());

      const mounted = await mkdtemp(join(tmpdir(), 'upsell-image-'));
      onTestFinished(() => rm(mounted, { recursive: true }));
      await chmod(mounted, 0o755);
      const { server, token, caFile } = controlPlane;
      await cp(caFile, join(mounted, 'ca.crt'));
      await kubeconfigFor({ dir: mounted, server, caFile: '/mounted/ca.crt' }, { name: 'operator', token });
      const { url, clientId: clientID, clientSecret } = acronis;
      for (const [name, value] of Object.entries({ url, clientID, clientSecret }))
        await writeFile(join(mounted, name), value);
      // The user in the container is another one.
      for (const name of ['operator.kubeconfig', 'ca.crt', 'clientSecret']) await chmod(join(mounted, name), 0o644);

      const [uid = '', gid = ''] = user.split(':');
      const name = `upsell-operator-${process.pid}-${gid}`;
      const [probes, metrics] = [await freePort(), await freePort()];
      const running = runStrictly(
        name,
        image,
        [`--user=${user}`, `--volume=${mounted}:/mounted:ro`, '--env=NODE_OPTIONS=--max-old-space-size-percentage=65'],
        [
          'run',
          '--kubeconfig=/mounted/operator.kubeconfig',
          '--acronis-credentials-dir=/mounted',
          '--allow-insecure-acronis',
          `--health-probe-bind-address=127.0.0.1:${probes}`,
          `--metrics-bind-address=127.0.0.1:${metrics}`,
        ],
      );
      let over = false;
      const ended = running.finally(() => {
        over = true;
      });
      onTestFinished(async () => {
        if (!over) await podman('rm', '--force', '--time=0', name);
      });
      onTestFailed(async () => console.error((await ended).all?.split('\n').slice(-20).join('\n')));
      await until(
        'the container is ready',
        async () =>
          over
            ? (await ended).all
            : await fetch(`http://127.0.0.1:${probes}/readyz`).then(({ status }) => status, String),
        (seen) => seen === 200,
        { withinMs: 60_000, everyMs: 200 },
      );

      const object = {
        apiVersion: 'upsell.acronis.com/v1alpha1',
        kind: 'TenantUserUpsell',
        metadata: { name: 'john', namespace: 'default' },
        spec: { userID: acronis.cast.johnDoe },
      };
      await kubectlOk(controlPlane, ['apply', '-f', '-'], { stdin: JSON.stringify(object) });
      await kubectlOk(controlPlane, ['wait', '--for=condition=Ready', 'tuu/john', '--timeout=60s']);
      expect(acronis.directory.get(acronis.cast.johnDoe)?.businessTypes).toEqual(['buyer']);

      const pid = await podman('inspect', '--format', '{{.State.Pid}}', name);
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      const field = (key: string) => new RegExp(`^${key}:\\s+(.*)$`, 'm').exec(status)?.[1];
      expect((await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, command.length)).toEqual(command);
      expect(field('NSpid')).toMatch(/\s1$/);
      expect(field('Uid')?.split(/\s+/)).toContain(uid);
      expect(field('Gid')?.split(/\s+/)).toContain(gid);
      expect(field('CapEff')).toMatch(/^0+$/);
      expect(field('NoNewPrivs')).toBe('1');
      console.log(`resident memory of the container, one object Ready: ${field('VmRSS')}`);

      await podman('kill', '--signal=TERM', name);
      const { exitCode, all } = await ended;
      expect(exitCode, all).toBe(0);
      expect(all).toContain('"msg":"stopped"');
    },
  );
});

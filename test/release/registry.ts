/** A registry on loopback: the one of the CNCF's distribution project, with its store in a directory that is thrown away. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { freePort } from '../../sandbox/port.ts';
import { until } from '../../sandbox/until.ts';

export interface Registry {
  /** As `127.0.0.1:25000`; what goes there by this name goes without TLS. */
  readonly host: string;
  stop(): Promise<void>;
}

/** @throws Error with the registry's last words where it does not start. */
export async function startRegistry(program: string): Promise<Registry> {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-registry-'));
  const host = `127.0.0.1:${await freePort()}`;
  const settings = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: join(dir, 'data') } },
    http: { addr: host, secret: 'of-a-test' },
    log: { level: 'error', accesslog: { disabled: true } },
  };
  // JSON is YAML.
  await writeFile(join(dir, 'registry.yml'), JSON.stringify(settings));
  const running = execa(program, ['serve', join(dir, 'registry.yml')], { all: true, reject: false, stdin: 'ignore' });
  let end: string | undefined;
  void running.then(({ all }) => {
    end = `it ended: ${all.split('\n').slice(-5).join('\n')}`;
  });
  await until(
    'the registry is up',
    async () => end ?? (await fetch(`http://${host}/v2/`).then(({ status }) => status, String)),
    (seen) => seen === 200,
    { withinMs: 30_000, everyMs: 50 },
  );
  return {
    host,
    async stop() {
      running.kill();
      await running;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

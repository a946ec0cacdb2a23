/** The parts of a release that need no registry: what the Dockerfile says, archives, notes, versions, schemas. */
import { chmod, cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { archive } from '../../../scripts/release/archive.ts';
import { baseOf, lastStage } from '../../../scripts/release/dockerfile.ts';
import { releaseNotes } from '../../../scripts/release/notes.ts';
import { withImage } from '../../../scripts/release/package-files.ts';
import { packagesIn } from '../../../scripts/release/sbom.ts';
import { disagreements, readPackage, withVersion } from '../../../scripts/release/versions.ts';
import { v8Flags } from '../../../src/process/v8-flags.ts';

const root = join(import.meta.dirname, '../../..');

async function temporary(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-parts-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

describe("the Dockerfile's last stage", () => {
  const args = { VERSION: '1.2.3', REVISION: 'abc', CREATED: '2026-01-01T00:00:00.000Z' };

  it('is read whole', async () => {
    const text = await readFile(join(root, 'Dockerfile'), 'utf8');
    expect(lastStage(text, args)).toEqual({
      User: '65532:65532',
      WorkingDir: '/app',
      Entrypoint: ['node', ...v8Flags, '/app/main.js'],
      Cmd: ['run'],
      Env: ['NODE_ENV=production'],
      ExposedPorts: { '8080/tcp': {}, '8081/tcp': {} },
      Labels: expect.objectContaining({
        'org.opencontainers.image.version': '1.2.3',
        'org.opencontainers.image.revision': 'abc',
        'org.opencontainers.image.created': '2026-01-01T00:00:00.000Z',
      }),
    });
    expect(baseOf(text)).toMatch(/^node:24/);
  });

  it.each([
    ['RUN apt-get update', /has RUN, which a release cannot do without running the image/],
    ['COPY more /more', /copies more than \/app: COPY more \/more/],
    ['VOLUME /x', /has VOLUME/],
  ])('is refused where it has %s: it would be missing from the release', (line, sentence) => {
    expect(() => lastStage(`FROM a AS build\nRUN true\nFROM b\n${line}\n`, {})).toThrow(sentence);
  });
});

describe('an archive', () => {
  const filled = async (mtime: Date) => {
    const dir = await temporary();
    await mkdir(join(dir, 'b'));
    for (const [name, text] of [
      ['b/z', '1'],
      ['a', '2'],
    ] as const) {
      await writeFile(join(dir, name), text);
      await utimes(join(dir, name), mtime, mtime);
    }
    return dir;
  };
  const at = new Date('2026-01-01T00:00:00Z');

  it('is the same whenever and wherever its files were written', async () => {
    const one = await archive(await filled(new Date(1_000)), at);
    const other = await archive(await filled(new Date(1_700_000_000_000)), at);
    expect(other.digest).toBe(one.digest);
  });

  it('is another one where a file, a mode or the time is', async () => {
    const dir = await filled(at);
    const digests = new Set([(await archive(dir, at)).digest, (await archive(dir, new Date(0))).digest]);
    await chmod(join(dir, 'a'), 0o755);
    digests.add((await archive(dir, at)).digest);
    await writeFile(join(dir, 'a'), '3');
    digests.add((await archive(dir, at)).digest);
    expect(digests.size).toBe(4);
  });
});

describe('release notes', () => {
  const changelog =
    '# Changelog\n\n## [Unreleased]\n\nx\n\n## 1.10.0, 2026-01-02\n\n### Added\n\n- it\n\n## [1.1.0]\n\nold\n';
  it('are the section of the version, and of no other that begins alike', () => {
    expect(releaseNotes(changelog, '1.10.0')).toBe('### Added\n\n- it\n');
    expect(releaseNotes(changelog, '1.1.0')).toBe('old\n');
  });
  it('that are missing are asked for', () => {
    expect(() => releaseNotes(changelog, '1.1')).toThrow(/says nothing under "## 1.1": move what is under/);
  });
});

describe('the version', () => {
  it('stands everywhere as in package.json', async () => {
    const { version } = await readPackage(root);
    expect(await disagreements(root, version, `v${version}`)).toEqual([]);
  });

  it('that differs in the chart, in what is generated or in the tag stops a release, each in a sentence', async () => {
    const dir = await temporary();
    for (const path of ['deploy/helm/acronis-upsell-operator/Chart.yaml', 'deploy/install.yaml'])
      await cp(join(root, path), join(dir, path));
    const found = await disagreements(dir, '9.9.9', 'v9.9.8');
    expect(found).toHaveLength(4);
    for (const sentence of found)
      expect(sentence).toMatch(/^package.json has version 9.9.9, but .*: run `npm version`/);
    expect(found.join()).toContain('the tag is v9.9.8');
  });

  it('is put into Chart.yaml, where nothing else changes', async () => {
    const chart = await readFile(join(root, 'deploy/helm/acronis-upsell-operator/Chart.yaml'), 'utf8');
    const changed = withVersion(chart, '9.9.9');
    expect(changed).toMatch(/^version: 9\.9\.9$/m);
    expect(changed).toMatch(/^appVersion: 9\.9\.9$/m);
    const others = (text: string) => text.split('\n').filter((line) => !/^(appV|v)ersion:/.test(line));
    expect(others(changed)).toEqual(others(chart));
    expect(() => withVersion('version: 1\n', '2')).toThrow(/names appVersion 0 times/);
  });
});

describe('install.yaml', () => {
  it('gets the image that was published, once', async () => {
    const install = await readFile(join(root, 'deploy/install.yaml'), 'utf8');
    expect(withImage(install, 'acronis-upsell-operator', 'r/x@sha256:1')).toMatch(/^\s+image: r\/x@sha256:1$/m);
    expect(() => withImage('kind: X\n', 'acronis-upsell-operator', 'r/x')).toThrow(/names 0 images/);
  });
});

describe('the packages of a bundle', () => {
  it('are those with a byte in it, by where they are installed', () => {
    const inputs = {
      'src/main.ts': { bytesInOutput: 5 },
      'node_modules/@a/b/x.js': { bytesInOutput: 1 },
      'node_modules/c/node_modules/@d/e/lib/y.js': { bytesInOutput: 1 },
      'node_modules/c/z.js': { bytesInOutput: 1 },
      'node_modules/dropped/z.js': { bytesInOutput: 0 },
      'only-parts:undici': { bytesInOutput: 3 },
    };
    expect(packagesIn({ outputs: { 'main.js': { inputs } } })).toEqual([
      'node_modules/@a/b',
      'node_modules/c',
      'node_modules/c/node_modules/@d/e',
    ]);
  });
});

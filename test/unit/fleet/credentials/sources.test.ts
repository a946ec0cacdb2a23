import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { accountSource, createFleet, ownSource, type Source } from '../../../../src/fleet/cache/objects.ts';
import type { OwnCredentials } from '../../../../src/fleet/credentials/read.ts';
import { type CredentialSources, createCredentialSources } from '../../../../src/fleet/credentials/sources.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { quietLog } from '../../../support/quiet.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
import { FakeCluster, failing } from '../../controllers/upsell/fake-cluster.ts';
import { ownValues } from '../../controllers/upsell/world.ts';

const theirs: Source = 'customers/theirs';
const good = {
  kind: 'found',
  credentials: { url: `${ownValues.url}/api/2`, clientId: 'canary-client-id', clientSecret: 'canary-client-secret' },
};

let clock: ManualClock;
let cluster: FakeCluster;
let log: RecordedLog;
let sources: CredentialSources;
/** `namespace/name` of the Secret, by account as a source. */
const accountSecrets = new Map<string, string>();
const never = new AbortController().signal;

const start = (own: OwnCredentials = { kind: 'environment', values: ownValues }) => {
  clock = new ManualClock();
  cluster = new FakeCluster(createFleet(quietLog));
  log = new RecordedLog();
  sources = createCredentialSources({
    own,
    policy: { hosts: ['*.acronis.com'], insecure: false },
    client: cluster,
    secretOf: (source) => accountSecrets.get(source),
    clock,
    log,
  });
};
beforeEach(() => start());

const secretReads = () => cluster.calls.filter((call) => call.includes('/secrets/')).length;
const unreadable = (times = 1, error = () => failing(500)) =>
  cluster.fail(({ path }) => path.includes('/secrets/'), error, times);

/** Runs the loop; gives what changed so far. */
function running(inUse: () => Source[]): { changed: Source[]; end: () => Promise<void> } {
  const changed: Source[] = [];
  const stop = new AbortController();
  const end = sources.run(inUse, (source) => changed.push(source), stop.signal);
  const stopped = async () => {
    stop.abort(new Error('stop'));
    await end;
  };
  onTestFinished(stopped);
  return { changed, end: stopped };
}

describe('a Secret', () => {
  it('is decoded, with the spaces at its ends left out', async () => {
    cluster.secrets.set(theirs, {
      ...ownValues,
      url: ` ${ownValues.url}/api/2/\n`,
      clientSecret: 'canary-client-secret\n',
    });
    expect(await sources.read(theirs, never)).toEqual(good);
  });

  it.each([
    [
      'absent',
      undefined,
      'missing',
      'This namespace has no Secret theirs. Create it with the keys url, clientID and clientSecret.',
    ],
    ['empty', {}, 'missing', 'Secret theirs lacks url, clientID, clientSecret. Add what is missing to it.'],
    [
      'incomplete',
      { ...ownValues, clientSecret: ' ' },
      'missing',
      'Secret theirs lacks clientSecret. Add what is missing to it.',
    ],
  ])('that is %s is missing, and the sentence says what to do', async (_, data, kind, problem) => {
    if (data !== undefined) cluster.secrets.set(theirs, data);
    expect(await sources.read(theirs, never)).toEqual({ kind, problem });
  });

  it.each(['http://eu2-cloud.acronis.com', 'https://acronis.com.evil.example', 'https://me:it@eu2-cloud.acronis.com'])(
    'with the URL %s is refused, and nothing of it but its host is repeated',
    async (url) => {
      cluster.secrets.set(theirs, { ...ownValues, url });
      const result = await sources.read(theirs, never);
      expect(result.kind).toBe('urlNotAllowed');
      expect(JSON.stringify(result)).not.toMatch(/me:it|canary/);
    },
  );

  it('that may not be read says whom to allow it', async () => {
    unreadable(1, () => failing(403));
    expect(await sources.read(theirs, never)).toEqual({
      kind: 'missing',
      problem: 'The operator may not read Secret theirs. Allow its ServiceAccount to get secrets in this namespace.',
    });
  });

  it('that cannot be read just now is a fault, and asked for again by the next', async () => {
    cluster.secrets.set(theirs, ownValues);
    unreadable();
    await expect(sources.read(theirs, never)).rejects.toThrow('HTTP 500');
    expect(await sources.read(theirs, never)).toEqual(good);
  });

  it('without data is missing, and what is no Secret at all says nothing about one', async () => {
    const { request } = cluster;
    let response: unknown = { kind: 'Secret' };
    cluster.request = async (call, signal) =>
      call.path.includes('/secrets/') ? response : request.call(cluster, call, signal);
    expect((await sources.read(theirs, never)).kind).toBe('missing');
    response = 'surprise';
    await expect(sources.read('customers/other', never)).rejects.toThrow('no Secret');
  });

  it.each<[oddity: string, value: Uint8Array, said: string]>([
    ['a NUL byte', Buffer.from('canary\0secret'), 'clientSecret holds a NUL byte'],
    ['UTF-16', Buffer.from('canary-secret', 'utf16le'), 'clientSecret is UTF-16; save it as UTF-8'],
    ['UTF-16 with its mark', Buffer.from('\ufeffcanary-secret', 'utf16le'), 'clientSecret is UTF-16; save it as UTF-8'],
    ['other bytes', Buffer.from([0x63, 0xc3, 0x28]), 'clientSecret is no UTF-8 text'],
    ['base64 twice', Buffer.from(btoa('canary-secret-value')), 'clientSecret is base64 once more than it should be'],
    ['a line break', Buffer.from('canary\nsecret'), 'clientSecret holds a line break or another control character'],
    ['900 KiB', Buffer.alloc(900 * 1024, 'x'), 'clientSecret is 921600 bytes long, which no URL, id or secret is'],
  ])('whose value is %s is not used: Secret, key and oddity are named, never the value', async (_, value, said) => {
    const encoded = Object.entries(ownValues).map(([key, text]) => [key, btoa(text)]);
    const data = { ...Object.fromEntries(encoded), clientSecret: Buffer.from(value).toString('base64') };
    cluster.request = async () => ({ kind: 'Secret', data });
    const result = await sources.read(theirs, never);
    expect(result).toEqual({ kind: 'missing', problem: `Secret theirs: ${said}. Write it again as plain text.` });
    expect(JSON.stringify(result)).not.toContain('canary');
  });

  it('whose values begin with a byte order mark, or look like base64 by chance, is used', async () => {
    cluster.secrets.set(theirs, {
      ...ownValues,
      url: `\ufeff${ownValues.url}`,
      clientSecret: 'Zm9vYmFyCg9zabcd1234EFGH',
    });
    expect((await sources.read(theirs, never)).kind).toBe('found');
  });
});

describe('reading', () => {
  it('asks once, however many ask concurrently', async () => {
    cluster.secrets.set(theirs, ownValues);
    await Promise.all(Array.from({ length: 50 }, () => sources.read(theirs, never)));
    expect(secretReads()).toBe(1);
  });

  it('asks again only after a while', async () => {
    cluster.secrets.set(theirs, ownValues);
    await sources.read(theirs, never);
    await clock.advance(19_000);
    await sources.read(theirs, never);
    expect(secretReads()).toBe(1);
    await clock.advance(1_000);
    await sources.read(theirs, never);
    expect(secretReads()).toBe(2);
  });

  it('one that stops waiting takes nothing from the others', async () => {
    cluster.secrets.set(theirs, ownValues);
    const { request } = cluster;
    cluster.request = async (call, signal) => {
      const answer = request.call(cluster, call, signal);
      await settle();
      signal.throwIfAborted();
      return await answer;
    };
    const stop = new AbortController();
    const stopped = sources.read(theirs, stop.signal);
    const other = sources.read(theirs, never);
    stop.abort(new Error('stop'));
    await expect(stopped).rejects.toThrow('stop');
    expect(await other).toEqual(good);
    expect(secretReads()).toBe(1);
  });

  it.each<[string, () => Promise<void>]>([
    ['responds', async () => {}],
    ['fails', () => Promise.reject(failing(500))],
  ])('of an account that names another one by the time it %s is not what is kept', async (_, end) => {
    const account = accountSource('eu');
    onTestFinished(() => void accountSecrets.clear());
    accountSecrets.set(account, 'operator/old');
    cluster.secrets.set('operator/old', { ...ownValues, clientID: 'old' });
    cluster.secrets.set('operator/new', { ...ownValues, clientID: 'new' });
    await sources.read(account, never);
    await clock.advance(60_000);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { request } = cluster;
    cluster.request = async (call, signal) => {
      const response = await request.call(cluster, call, signal);
      await released;
      if (call.path.endsWith('/old')) await end();
      return response;
    };
    const early = sources.read(account, never);
    await settle();
    accountSecrets.set(account, 'operator/new');
    sources.expire(account);
    release();
    await early;
    expect(await sources.read(account, never)).toMatchObject({ kind: 'found', credentials: { clientId: 'new' } });
  });

  it('ends the request when no caller waits any more, and the next one asks again', async () => {
    let passedOn: AbortSignal | undefined;
    const { request } = cluster;
    cluster.request = (_, signal) => {
      passedOn = signal;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const stop = new AbortController();
    const stopped = sources.read(theirs, stop.signal);
    await settle();
    expect(passedOn?.aborted).toBe(false);
    stop.abort(new Error('stop'));
    await expect(stopped).rejects.toThrow('stop');
    expect(passedOn?.aborted).toBe(true);
    cluster.request = request;
    cluster.secrets.set(theirs, ownValues);
    expect(await sources.read(theirs, never)).toEqual(good);
  });
});

describe('a rotation', () => {
  it('is noticed within seconds, reported once, and logged without a secret', async () => {
    cluster.secrets.set(theirs, ownValues);
    await sources.read(theirs, never);
    const { changed } = running(() => [theirs]);
    await clock.advance(30_000);
    expect(changed).toEqual([]);
    cluster.secrets.set(theirs, { ...ownValues, clientSecret: 'canary-rotated' });
    await clock.advance(10_000);
    expect(changed).toEqual([theirs]);
    await clock.advance(60_000);
    expect(changed).toEqual([theirs]);
    expect(await sources.read(theirs, never)).toMatchObject({ credentials: { clientSecret: 'canary-rotated' } });
    expect(log.lines).toEqual([
      { level: 'info', message: 'credentials changed', fields: { source: theirs, found: 'found' } },
    ]);
  });

  it('that a reconcile was the first to read is reported to the others all the same', async () => {
    await sources.read(theirs, never);
    const many = Array.from({ length: 999 }, (_, at) => `ns/secret-${at}`);
    const { changed } = running(() => [theirs, ...many]);
    await clock.advance(25_000);
    cluster.secrets.set(theirs, ownValues);
    expect((await sources.read(theirs, never)).kind).toBe('found');
    await clock.advance(25_000);
    expect(changed).toEqual([theirs]);
  });

  it('of what was missing is reported when it comes, and when it goes', async () => {
    await sources.read(theirs, never);
    const { changed } = running(() => [theirs]);
    cluster.secrets.set(theirs, ownValues);
    await clock.advance(10_000);
    expect(changed).toHaveLength(1);
    cluster.secrets.clear();
    await clock.advance(10_000);
    expect(changed).toHaveLength(2);
    expect((await sources.read(theirs, never)).kind).toBe('missing');
  });

  it('is not what a failing API server is taken for: that is logged once, and the end of it goes on as before', async () => {
    cluster.secrets.set(theirs, ownValues);
    await sources.read(theirs, never);
    const { changed } = running(() => [theirs]);
    unreadable(5);
    await clock.advance(50_000);
    expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
    await clock.advance(20_000);
    expect(changed).toEqual([]);
    unreadable(1);
    await clock.advance(10_000);
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
  });

  it('is not what keeps the last ones from being used: while reading a Secret fails with 500, or hangs, they are, for hours', async () => {
    cluster.secrets.set(theirs, ownValues);
    await sources.read(theirs, never);
    const { changed } = running(() => [theirs]);
    unreadable(1_000_000);
    await clock.advance(3 * 3_600_000);
    expect(await sources.read(theirs, never)).toEqual(good);
    cluster.request = () => new Promise(() => {});
    await clock.advance(3 * 3_600_000);
    expect(await sources.read(theirs, never)).toEqual(good);
    expect(changed).toEqual([]);
    expect(log.lines.map(({ message }) => message)).toEqual([
      'credentials could not be read; the last ones are kept',
      'credentials could not be read; the last ones are kept',
    ]);
  });

  it('is seen within seconds, though five other Secrets hang at each read', async () => {
    cluster.secrets.set(theirs, ownValues);
    await sources.read(theirs, never);
    const hanging = [1, 2, 3, 4, 5].map((n) => `customers/hangs-${n}`);
    const { request } = cluster;
    cluster.request = (call, signal) =>
      call.path.includes('/hangs-') ? new Promise(() => {}) : request.call(cluster, call, signal);
    const { changed } = running(() => [...hanging, theirs]);
    await clock.advance(60_000);
    cluster.secrets.set(theirs, { ...ownValues, clientID: 'new' });
    await clock.advance(15_000);
    expect(changed).toEqual([theirs]);
    const failed = expect(sources.read(hanging[0] ?? '', never)).rejects.toThrow('no response within 5 s');
    await clock.advance(5_000);
    await failed;
  });

  it('one Secret that cannot be read holds no other one up', async () => {
    cluster.secrets.set(theirs, ownValues);
    await sources.read(theirs, never);
    const { changed } = running(() => ['customers/broken', theirs]);
    cluster.fail(
      ({ path }) => path.endsWith('/broken'),
      () => failing(500),
      100,
    );
    cluster.secrets.set(theirs, { ...ownValues, clientID: 'new' });
    await clock.advance(10_000);
    expect(changed).toEqual([theirs]);
  });

  it('many Secrets are asked for at a bounded rate', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => `ns/secret-${at}`);
    running(() => many);
    await clock.advance(49_000);
    expect(secretReads()).toBe(0);
    await clock.advance(1_000);
    expect(secretReads()).toBe(1_000);
  });

  it('ends when it is stopped, leaving no timer', async () => {
    const { end } = running(() => [theirs]);
    await clock.advance(5_000);
    await end();
    expect(clock.timers).toBe(0);
  });
});

describe('what was good last', () => {
  it('is kept while it is in use, even if it is gone, and forgotten afterwards', async () => {
    cluster.secrets.set(theirs, ownValues);
    await sources.read(theirs, never);
    let used: Source[] = [theirs];
    running(() => used);
    cluster.secrets.clear();
    await clock.advance(60_000);
    expect((await sources.read(theirs, never)).kind).toBe('missing');
    expect(sources.lastGood(theirs)).toEqual(good.credentials);
    expect([...sources.remembered()]).toEqual([good.credentials]);
    used = [];
    await clock.advance(20_000);
    expect(sources.lastGood(theirs)).toBeUndefined();
    expect([...sources.remembered()]).toEqual([]);
  });

  it('is the new one after a rotation', async () => {
    cluster.secrets.set(theirs, ownValues);
    await sources.read(theirs, never);
    running(() => [theirs]);
    cluster.secrets.set(theirs, { ...ownValues, clientID: 'new' });
    await clock.advance(10_000);
    expect([...sources.remembered()].map(({ clientId }) => clientId)).toEqual(['new']);
  });
});

describe("the operator's own", () => {
  it('from the environment are complete or say which variables to set', async () => {
    expect(await sources.read(ownSource, never)).toEqual(good);
    start({ kind: 'environment', values: { clientID: '' } });
    expect(await sources.read(ownSource, never)).toEqual({
      kind: 'missing',
      problem:
        "The operator's environment lacks ACRONIS_URL, ACRONIS_CLIENT_ID, ACRONIS_CLIENT_SECRET. Set what is missing and restart it, or name a Secret with spec.credentialsSecretRef.",
    });
    expect(cluster.calls).toEqual([]);
  });

  /** A directory as kubelet mounts a Secret: the files are links into `..data`, which is itself a link, and is swapped whole. */
  const mounted = () => {
    const path = mkdtempSync(join(tmpdir(), 'credentials-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    let count = 0;
    const put = (values: Readonly<Record<string, string>>) => {
      const version = `..version-${++count}`;
      mkdirSync(join(path, version));
      for (const [name, value] of Object.entries(values)) writeFileSync(join(path, version, name), value);
      symlinkSync(version, join(path, '..new'));
      renameSync(join(path, '..new'), join(path, '..data'));
    };
    const link = () => {
      for (const name of Object.keys(ownValues)) symlinkSync(join('..data', name), join(path, name));
    };
    return { path, put, link };
  };

  it('from a mounted Secret are read again when it is swapped', async () => {
    const { path, put, link } = mounted();
    put(ownValues);
    link();
    start({ kind: 'directory', path });
    expect(await sources.read(ownSource, never)).toEqual(good);
    put({ ...ownValues, clientSecret: 'rotated' });
    expect(await sources.read(ownSource, never), 'a few seconds ago is now').toEqual(good);
    await clock.advance(20_000);
    expect(await sources.read(ownSource, never)).toMatchObject({ credentials: { clientSecret: 'rotated' } });
  });

  it('from a plain directory are read too, and say what is missing', async () => {
    const path = mkdtempSync(join(tmpdir(), 'credentials-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    start({ kind: 'directory', path });
    expect(await sources.read(ownSource, never)).toEqual({
      kind: 'missing',
      problem:
        "The operator's --acronis-credentials-dir lacks url, clientID, clientSecret. Add what is missing, or name a Secret with spec.credentialsSecretRef.",
    });
    for (const [name, value] of Object.entries(ownValues)) writeFileSync(join(path, name), `${value}\n`);
    await clock.advance(20_000);
    expect(await sources.read(ownSource, never)).toEqual(good);
  });
  it.each<[what: string, spoil: (file: string) => void, said: string]>([
    ['empty', (file) => writeFileSync(file, ''), 'clientSecret is empty'],
    ['gone', (file) => rmSync(file), 'lacks clientSecret'],
    [
      'a directory',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
      'clientSecret is a directory and no file',
    ],
    [
      '10 MiB',
      (file) => writeFileSync(file, Buffer.alloc(10 * 1024 * 1024, 'x')),
      'clientSecret is 10485760 bytes long',
    ],
    [
      'one that no process may read',
      (file) => {
        rmSync(file);
        // Also for root, other than with permissions.
        symlinkSync(file, file);
      },
      'clientSecret cannot be read',
    ],
    ['half of a URL', (file) => writeFileSync(join(file, '..', 'url'), 'https://eu2-cl'), 'URL'],
  ])('stay in use while a file is %s, and the log says which and why', async (_, spoil, said) => {
    const path = mkdtempSync(join(tmpdir(), 'credentials-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    for (const [name, value] of Object.entries(ownValues)) writeFileSync(join(path, name), value);
    start({ kind: 'directory', path });
    expect(await sources.read(ownSource, never)).toEqual(good);
    spoil(join(path, 'clientSecret'));
    await clock.advance(20_000);
    expect(await sources.read(ownSource, never)).toEqual(good);
    await clock.advance(20_000);
    expect(await sources.read(ownSource, never)).toEqual(good);
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatchObject({
      level: 'warn',
      message: 'credentials could not be read; the last ones are kept',
    });
    expect(JSON.stringify(log.lines[0]?.fields)).toContain(said);
    expect(JSON.stringify(log.lines)).not.toContain('canary');
  });

  it('that were never good say which file cannot be used, and why', async () => {
    const path = mkdtempSync(join(tmpdir(), 'credentials-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    for (const [name, value] of Object.entries(ownValues)) writeFileSync(join(path, name), value);
    rmSync(join(path, 'clientID'));
    mkdirSync(join(path, 'clientID'));
    start({ kind: 'directory', path });
    expect(await sources.read(ownSource, never)).toEqual({
      kind: 'missing',
      problem:
        "The operator's --acronis-credentials-dir: clientID is a directory and no file. Write it again as plain text.",
    });
  });
});

describe('the source of an AcronisAccount', () => {
  const source = 'account:eu2';
  beforeEach(() => {
    start();
    accountSecrets.set(source, 'acronis-system/eu2');
    cluster.secrets.set('acronis-system/eu2', ownValues);
  });

  it('is the Secret that the account names now', async () => {
    expect(await sources.read(source, never)).toMatchObject({ kind: 'found' });
    accountSecrets.set(source, 'acronis-system/other');
    expect(await sources.read(source, never)).toEqual({
      kind: 'missing',
      problem: "The operator's namespace has no Secret other. Create it with the keys url, clientID and clientSecret.",
    });
  });

  it('is not the Secret that the account named before, though the one that it names now cannot be read', async () => {
    expect(await sources.read(source, never)).toMatchObject({ kind: 'found' });
    accountSecrets.set(source, 'acronis-system/other');
    sources.expire(source);
    unreadable(2);
    await expect(sources.read(source, never)).rejects.toThrow('HTTP 500');
    expect(sources.latest(source)).toBeUndefined();
    await expect(sources.read(source, never)).rejects.toThrow('HTTP 500');
  });

  it('of an account that is gone gives no credentials, and the last ones stay remembered', async () => {
    await sources.read(source, never);
    accountSecrets.delete(source);
    sources.expire(source);
    expect(await sources.read(source, never)).toMatchObject({ kind: 'missing' });
    expect(sources.lastGood(source)).toMatchObject({ clientId: ownValues.clientID });
  });

  it('without the right to its Secret says where the right is missing', async () => {
    cluster.fail(
      ({ path }) => path.includes('/secrets/'),
      () => failing(403),
    );
    expect(await sources.read(source, never)).toEqual({
      kind: 'missing',
      problem: 'The operator may not read Secret eu2. Allow its ServiceAccount to get secrets in its namespace.',
    });
  });
});

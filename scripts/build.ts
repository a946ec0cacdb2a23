/**
 * `npm run build`: src/main.ts and all it needs as dist/main.js and a few chunks in dist/chunks, each with a source map beside it. Few, because importing hundreds of
 * modules costs memory and time at every start, for nothing; not one, because what the operator never runs (the other commands, traces that nobody wants) would be
 * compiled and kept all the same.
 *
 * The version of package.json is put in for the name `__OPERATOR_VERSION__`. `--measure` also starts the result and says what a start costs.
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { build, type Metafile, type Plugin } from 'esbuild';
import * as z from 'zod';
import { packageParts } from './package-parts.ts';

const root = dirname(import.meta.dirname);

const { values } = parseArgs({
  options: {
    outdir: { type: 'string', default: join(root, 'dist') },
    // Where esbuild's account of what the bundle is made of goes: a release makes its bill of materials from it.
    metafile: { type: 'string' },
    measure: { type: 'boolean', default: false },
  },
});

/** Looked for at run time by packages that do well without it. */
const optional = ['supports-color', '@colors/colors/safe'];

/** See scripts/package-parts.ts. */
const onlyParts: Plugin = {
  name: 'only-parts',
  setup(builder) {
    const filter = new RegExp(`^(?:${[...packageParts.keys()].join('|')})$`);
    builder.onResolve({ filter }, ({ path, importer }) =>
      importer.includes(join('node_modules', path)) ? null : { path, namespace: 'only-parts' },
    );
    builder.onLoad({ filter: /.*/, namespace: 'only-parts' }, ({ path }) => ({
      contents: Object.entries(packageParts.get(path) ?? {})
        .map(([name, file]) => `export { default as ${name} } from '${path}/${file}';`)
        .join('\n'),
      resolveDir: root,
    }));
  },
};

/**
 * Node's own modules are asked for with `require`. An `import` of one reads each of its properties, and some of `http`'s and `crypto`'s are there only to load
 * something large once it is wanted: Node's copy of undici, for one, which costs 13 MiB.
 */
const builtinsByRequire: Plugin = {
  name: 'builtins-by-require',
  setup(builder) {
    builder.onResolve({ filter: /.*/ }, ({ path, kind }) => {
      if (kind !== 'import-statement' || !isBuiltin(path)) return null;
      return { path: path.replace(/^node:/, ''), namespace: 'builtins-by-require', sideEffects: false };
    });
    builder.onLoad({ filter: /.*/, namespace: 'builtins-by-require' }, ({ path }) => ({
      contents: `module.exports = require('node:${path}');`,
    }));
  },
};

/**
 * Files of packages that nothing here reaches, and that would be compiled at every start: HTTP/2 (src/base/http/connector.ts), bodies that are forms, streams and blobs, and ways of
 * a log other than the one it is given. A test that reaches one of them anyway fails with its name.
 */
const unreached = [
  'undici/lib/dispatcher/client-h2',
  'undici/lib/web/fetch/body',
  'undici/lib/web/fetch/formdata',
  'undici/lib/web/webidl/index',
  'pino/lib/transport',
  'sonic-boom/index',
];
const withoutUnreached: Plugin = {
  name: 'without-unreached',
  setup(builder) {
    const filter = new RegExp(`node_modules/(?:${unreached.join('|')})\\.js$`.replaceAll('/', String.raw`[/\\]`));
    builder.onLoad({ filter }, ({ path }) => ({
      contents: `module.exports = function () { throw new Error('this build leaves out ${basename(path)}'); };`,
    }));
  },
};

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));

const { metafile, outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: { main: join(root, 'src/main.ts') },
  // Wherever the files go: source maps lead to the sources from here, and chunks are named by what is in them, maps included.
  outdir: join(root, 'dist'),
  write: false,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[hash]',
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  external: optional,
  plugins: [builtinsByRequire, onlyParts, withoutUnreached],
  define: {
    __OPERATOR_VERSION__: JSON.stringify(version),
    // As undici's own build for Node has it: without Milo, an HTTP parser that is an experiment and a third of the package.
    esbuildDetection: 'true',
  },
  // CommonJS packages ask for Node's modules with require, which an ES module does not have.
  banner: {
    js: [
      // One sentence on an older Node, before anything of ours runs into what it lacks.
      "if (Number(process.versions.node.split('.')[0]) < 24) { console.error('acronis-upsell-operator needs Node 24 or newer; this is ' + process.version + '. In its checkout, npx node is the right one.'); process.exit(1); }",
      "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    ].join('\n'),
  },
  // Names stay, so that a stack trace can be read without the map.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
});

if (values.metafile !== undefined) await writeFile(values.metafile, JSON.stringify(metafile));
await writeOutput(values.outdir);
const size = outputFiles.reduce((sum, { path, contents }) => sum + (path.endsWith('.js') ? contents.length : 0), 0);
console.log(`${relative(process.cwd(), values.outdir)}  ${kilobytes(size)}  version ${version}`);
for (const [name, bytes] of largest(metafile, 12)) console.log(`  ${kilobytes(bytes).padStart(8)}  ${name}`);
if (values.measure) await measure(join(values.outdir, 'main.js'));

/** The chunks before what imports them, and those of an earlier build last of all: whatever starts meanwhile finds one of the two whole. */
async function writeOutput(outdir: string): Promise<void> {
  const files = new Map(outputFiles.map(({ path, contents }) => [relative(join(root, 'dist'), path), contents]));
  await mkdir(join(outdir, 'chunks'), { recursive: true });
  for (const [path, contents] of [...files].sort(([a], [b]) => a.localeCompare(b)))
    await writeFile(join(outdir, path), contents, path === 'main.js' ? { mode: 0o755 } : {});
  for (const name of await readdir(join(outdir, 'chunks')))
    if (!files.has(join('chunks', name))) await rm(join(outdir, 'chunks', name));
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1_000).toLocaleString('en')} kB`;
}

/** What the file is made of, by package. */
function largest(meta: Metafile, count: number): [string, number][] {
  const sizes = new Map<string, number>();
  for (const output of Object.values(meta.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? `./${dirname(path).split('/')[0]}`;
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...sizes].sort((a, b) => b[1] - a[1]).slice(0, count);
}

/** What `--version` costs: all modules are loaded, nothing is done. */
async function measure(file: string): Promise<void> {
  const report = 'process.on("exit",()=>console.error(process.resourceUsage().maxRSS+" "+performance.now()))';
  const runs: { rss: number; ms: number }[] = [];
  for (let run = 0; run < 7; run++) {
    const { stderr } = await promisify(execFile)(process.execPath, [
      '--import',
      `data:text/javascript,${report}`,
      file,
      '--version',
    ]);
    const [rss, ms] = stderr.trim().split(' ').map(Number);
    runs.push({ rss: rss ?? 0, ms: ms ?? 0 });
  }
  const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
  const rss = median(runs.map((run) => run.rss)) / 1_024;
  const ms = median(runs.map((run) => run.ms));
  console.log(
    `${basename(file)} --version: ${rss.toFixed(0)} MiB resident at most, ${ms.toFixed(0)} ms (median of ${runs.length})`,
  );
}

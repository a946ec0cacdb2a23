/**
 * The last stage of the Dockerfile as an image's config. The release image is made by this and not by a builder: its layer is copied, nothing runs, so an image for another
 * platform needs no emulation. The Dockerfile stays the one place that says what the image is.
 *
 * Invariant: an instruction that could not be kept without running something is an error, and never left out.
 */
import * as z from 'zod';

/** As the OCI image specification names it. */
export interface ContainerConfig {
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly ExposedPorts: Readonly<Record<string, object>>;
}

const command = z.array(z.string());

/** What the last stage stands on where nothing else is said. @throws Error where the Dockerfile does not say it. */
export function baseOf(dockerfile: string): string {
  const [, base] = /^ARG NODE_IMAGE=(\S+)$/m.exec(dockerfile) ?? [];
  if (base === undefined) throw new Error('The Dockerfile has no ARG NODE_IMAGE=… with the base of the image.');
  return base;
}

/** @throws Error that names the instruction which cannot be kept. */
export function lastStage(dockerfile: string, buildArgs: Readonly<Record<string, string>>): ContainerConfig {
  const args: Record<string, string> = {};
  let config: ContainerConfig = { Env: [], Labels: {}, ExposedPorts: {} };
  for (const [instruction, rest] of instructionsOfLastStage(dockerfile)) {
    const value = expanded(rest, args);
    switch (instruction) {
      case 'ARG': {
        const [name = '', byDefault = ''] = rest.split('=');
        args[name] = buildArgs[name] ?? byDefault;
        break;
      }
      case 'LABEL':
        config = { ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairs(value)) } };
        break;
      case 'ENV':
        config = { ...config, Env: [...config.Env, ...pairs(value).map(([name, text]) => `${name}=${text}`)] };
        break;
      case 'EXPOSE':
        config = { ...config, ExposedPorts: Object.fromEntries(value.split(/\s+/).map((port) => [`${port}/tcp`, {}])) };
        break;
      case 'USER':
        config = { ...config, User: value };
        break;
      case 'WORKDIR':
        config = { ...config, WorkingDir: value };
        break;
      case 'ENTRYPOINT':
        config = { ...config, Entrypoint: command.parse(JSON.parse(value)) };
        break;
      case 'CMD':
        config = { ...config, Cmd: command.parse(JSON.parse(value)) };
        break;
      case 'COPY':
        if (value === '--from=build /app /app') break;
        throw new Error(`The Dockerfile's last stage copies more than /app: COPY ${value}. Add it to scripts/release.`);
      default:
        throw new Error(
          `The Dockerfile's last stage has ${instruction}, which a release cannot do without running the image: move it to the build stage.`,
        );
    }
  }
  return config;
}

function instructionsOfLastStage(dockerfile: string): readonly (readonly [string, string])[] {
  const lines = dockerfile
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const from = lines.findLastIndex((line) => line.startsWith('FROM '));
  return lines.slice(from + 1).map((line) => {
    const [, instruction = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? [];
    return [instruction, rest];
  });
}

const expanded = (text: string, args: Readonly<Record<string, string>>): string =>
  text.replace(/\$\{(\w+)\}/g, (_, name: string) => args[name] ?? '');

/** `a=b c="d e"` */
const pairs = (text: string): readonly (readonly [string, string])[] =>
  [...text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S*))/g)].map(([, name = '', quoted, plain]) => [
    name,
    quoted ?? plain ?? '',
  ]);

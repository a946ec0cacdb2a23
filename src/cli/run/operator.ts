/** The operator as a process: log, signals, exit code. 0: it was shut down by a signal; 1: a fatal error; 2: a setting is wrong. */
import { CommanderError } from 'commander';
import { ProxySettingsError } from '../../acronis/http/proxy-settings.ts';
import { systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { type Config, ownCredentials } from '../../config/config.ts';
import { refusePublicSuffixes } from '../../config/public-suffix.ts';
import { KubeconfigError } from '../../kubernetes/connection/kubeconfig/file.ts';
import { createLog } from '../../observability/log/logger.ts';
import { ListenError } from '../../observability/server/server.ts';
import { runOperator } from '../../operator/phases.ts';
import { endOnCrash } from '../../process/crash.ts';
import { problemOfExtraCertificates } from '../../process/extra-certificates.ts';
import { missingV8Flags } from '../../process/v8-flags.ts';

/** @returns the exit code. */
export async function runUntilStopped(config: Config, version: string): Promise<number> {
  const log = await createLog({
    level: config.logLevel,
    format: config.logFormat,
    clock: systemClock,
    colour: process.stdout.isTTY === true,
  });
  endOnCrash(log);
  const missing = missingV8Flags([...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)]);
  if (missing.length > 0)
    log.debug("node was started without some of the image's flags, and takes more memory", {
      missing: missing.join(' '),
    });
  const extra = await problemOfExtraCertificates(process.env['NODE_EXTRA_CA_CERTS']);
  if (extra !== undefined) log.warn('NODE_EXTRA_CA_CERTS cannot be used', { why: extra });
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      log.info('shutting down, draining in-flight reconciles', { signal: name });
      stop.abort(new Error(`${name} was received`));
      // Nothing should take longer than the grace period; should it, it does not keep the pod.
      setTimeout(() => process.exit(1), config.shutdownGrace + 5_000).unref();
      // The second one means it.
      process.once(name, () => process.exit(1));
    });
  }
  try {
    const own = ownCredentials(config, process.env);
    await refusePublicSuffixes(config.acronisHosts);
    const end = await runOperator({ config, own, env: process.env, version, log }, stop.signal);
    if (end.kind === 'stopped') {
      log.info('stopped');
      return 0;
    }
    return failed(log, end.message);
  } catch (error) {
    if (error instanceof CommanderError || error instanceof ProxySettingsError) return failed(log, error.message, 2);
    if (error instanceof KubeconfigError || error instanceof ListenError) return failed(log, error.message);
    throw error;
  }
}

function failed(log: Log, why: string, exitCode = 1): number {
  log.error('fatal', { why });
  return exitCode;
}

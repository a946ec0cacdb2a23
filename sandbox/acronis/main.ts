/** `npm run sandbox`: the Acronis sandbox on its own, to point an operator, a script or curl at. */
import { Command, InvalidArgumentError } from 'commander';
import { InputError } from './calls/input.ts';
import { CONTROL } from './control/server.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from './sandbox.ts';

const whole = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
};

interface Flags {
  readonly host: string;
  readonly port: number;
  readonly users: number;
  readonly tenants: number;
  readonly seed: number;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly latency: number;
  readonly tokenTtl: number;
  readonly rate: number;
}

const command = new Command('sandbox')
  .description(
    'A stand-in for the Acronis Account Management API, with made-up users. For trying things out, on this machine.',
  )
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port to listen on; 0 = any free one', whole(0, 65_535), 8100)
  .option('--users <number>', 'made-up users, besides the few who are always there', whole(0, 1_000_000), 40)
  .option('--tenants <number>', 'customer tenants', whole(2, 10_000), 4)
  .option('--seed <number>', 'the same seed gives the same people, ids and secrets', whole(0, 2 ** 31), 1)
  .option('--client-id <id>', 'id of the API client (default: made up from the seed)')
  .option('--client-secret <secret>', 'its secret (default: made up from the seed)')
  .option('--latency <ms>', 'every response takes this long', whole(0, 600_000), 0)
  .option('--token-ttl <seconds>', 'how long a token lives', whole(1, 10_000_000), 7200)
  .option('--rate <number>', 'most requests a second, 429 above; 0 = no limit', whole(0, 1_000_000), 0)
  .showHelpAfterError()
  .parse();
const flags = command.opts<Flags>();

function optionsOf({ clientId, clientSecret, tokenTtl, rate, latency: _, ...rest }: Flags): SandboxOptions {
  return {
    ...rest,
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    switches: { tokenTtlSeconds: tokenTtl, ...(rate > 0 ? { rateLimit: { perSecond: rate } } : {}) },
  };
}

const greeting = ({ url, clientId, clientSecret, cast, directory }: Sandbox): string => `
The Acronis sandbox is listening, with ${directory.size} made-up users. Ctrl-C stops it.

  export ACRONIS_URL=${url}
  export ACRONIS_CLIENT_ID=${clientId}
  export ACRONIS_CLIENT_SECRET=${clientSecret}

Ask as a program would:

  TOKEN=$(curl -s -u "$ACRONIS_CLIENT_ID:$ACRONIS_CLIENT_SECRET" -d grant_type=client_credentials $ACRONIS_URL/api/2/idp/token | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -s -H "Authorization: Bearer $TOKEN" $ACRONIS_URL/api/2/users/${cast.johnDoe}
  curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -X PUT -d '{"business_types":["buyer"],"version":1}' $ACRONIS_URL/api/2/users/${cast.johnDoe}

Be the administrator in the console, make something go wrong, see what happened:

  curl -s -X POST $ACRONIS_URL${CONTROL}/users/${cast.johnDoe}/strip
  curl -s -X POST -d '{"kind":"status","status":503,"retryAfter":2,"times":3}' $ACRONIS_URL${CONTROL}/faults
  curl -s $ACRONIS_URL${CONTROL}/writes
  curl -s $ACRONIS_URL${CONTROL}          # everything else
`;

try {
  const sandbox = await startSandbox(optionsOf(flags));
  if (flags.latency > 0) sandbox.faults.add({ kind: 'latency', ms: flags.latency });
  process.stdout.write(greeting(sandbox));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sandbox.stop());
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

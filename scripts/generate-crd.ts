/**
 * `npm run generate` writes the CRDs made from src/api into crds/; with --check it only reports, by its exit code, whether they are current.
 */
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { accountDefinition } from '../src/api/account/crd.ts';
import { customResourceDefinition, type JsonSchema } from '../src/api/crd.ts';
import { acronisAccounts, apiGroup, tenantUpsellPolicies, tenantUserUpsells } from '../src/api/names.ts';
import { policyDefinition } from '../src/api/policy/crd.ts';
import { report, writeOrCheck } from './generated-files.ts';

const text = (definition: JsonSchema): string =>
  `# Generated from src/api by \`npm run generate\`. Do not edit.\n${stringify(definition, { lineWidth: 120 })}`;

const check = process.argv.includes('--check');
const changed = await writeOrCheck(
  {
    root: fileURLToPath(new URL('..', import.meta.url)),
    files: new Map([
      [`crds/${tenantUserUpsells.plural}.${apiGroup}.yaml`, text(customResourceDefinition())],
      [`crds/${acronisAccounts.plural}.${apiGroup}.yaml`, text(accountDefinition())],
      [`crds/${tenantUpsellPolicies.plural}.${apiGroup}.yaml`, text(policyDefinition())],
    ]),
    ownedDirectories: ['crds'],
  },
  check,
);
report(changed, check, 'npm run generate');

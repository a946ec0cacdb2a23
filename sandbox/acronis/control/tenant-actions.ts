/** Control of tenants, API clients and tokens. */
import { z } from 'zod';
import { parseInput } from '../calls/input.ts';
import { tenantView } from '../calls/views.ts';
import type { Action, Controlled } from './action.ts';

const secretBody = z.strictObject({ secret: z.string().min(1).optional() });
const enabledBody = z.strictObject({ enabled: z.boolean() });
const revokeBody = z.strictObject({ clientId: z.string().optional() });
const tenantBody = z.strictObject({
  brandEnabled: z.boolean().optional(),
  upsellUrl: z.string().nullable().optional(),
  ancestralAccess: z.boolean().optional(),
  locked: z.boolean().optional(),
  enabled: z.boolean().optional(),
});

export function tenantActions({ cloud, console }: Controlled): readonly Action[] {
  return [
    {
      method: 'GET',
      path: 'tenants',
      does: 'all tenants',
      run: () => ({
        items: [...cloud.tenants.all()].map((one) => tenantView(one, 'basic', one, cloud.switches.current)),
      }),
    },
    {
      method: 'POST',
      path: 'tenants/{id}',
      does: 'changes branding, Buy URL, lock, self-management: {"brandEnabled":true,"upsellUrl":"https://…"}',
      run: ({ id, body }) => {
        const tenant = console.setTenant(id, parseInput(tenantBody, body, 'the tenant'));
        return {
          tenant: tenantView(tenant, 'full', tenant, cloud.switches.current),
          upsellUrl: tenant.brand.upsellUrl,
        };
      },
    },
    {
      method: 'POST',
      path: 'clients/{id}/secret',
      does: 'gives the API client another secret and ends its tokens: {} or {"secret":"…"}',
      run: ({ id, body }) => ({
        clientId: id,
        clientSecret: console.resetSecret(id, parseInput(secretBody, body, 'the secret').secret),
      }),
    },
    {
      method: 'POST',
      path: 'clients/{id}/enabled',
      does: 'switches the API client on or off: {"enabled":false}',
      run: ({ id, body }) => {
        const { enabled } = parseInput(enabledBody, body, 'the setting');
        console.setClientEnabled(id, enabled);
        return { clientId: id, enabled };
      },
    },
    {
      method: 'POST',
      path: 'tokens/revoke',
      does: 'ends all tokens, or those of one client: {} or {"clientId":"…"}',
      run: ({ body }) => ({ revoked: console.revokeTokens(parseInput(revokeBody, body, 'the request').clientId) }),
    },
  ];
}

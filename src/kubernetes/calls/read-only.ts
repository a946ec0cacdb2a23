/** A client of the API server through which no write leaves, for a dry run. The lease goes over another one. */
import { HeldBack } from '../../base/http/http.ts';
import type { KubernetesClient } from './client.ts';

/** Whatever is no GET is refused with HeldBack, and nothing is sent. */
export const readOnly = (client: KubernetesClient): KubernetesClient => ({
  request: (call, signal) =>
    call.method === 'GET'
      ? client.request(call, signal)
      : Promise.reject(new HeldBack('Nothing is written: this only reads.')),
  watch: (call, listener, signal) => client.watch(call, listener, signal),
});

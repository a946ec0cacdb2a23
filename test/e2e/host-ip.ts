/** The address of this machine at which pods reach a server that runs here: the one from which it talks to their nodes. */
import { createSocket } from 'node:dgram';
import * as z from 'zod';
import type { Cluster } from './cluster.ts';

const nodesSchema = z.object({
  items: z.array(
    z.object({ status: z.object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })) }) }),
  ),
});

export async function hostIp(cluster: Cluster, given: string | undefined): Promise<string> {
  if (given !== undefined && given !== '') return given;
  const nodes = nodesSchema.parse(await cluster.json(['get', 'nodes']));
  const node = nodes.items[0]?.status.addresses.find(({ type }) => type === 'InternalIP')?.address;
  if (node === undefined)
    throw new Error('No node has an address: set HOST_IP to the address at which pods reach this machine.');
  // Nothing is sent: connecting only chooses the route.
  const socket = createSocket(node.includes(':') ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(9, node, resolve);
    });
    return socket.address().address;
  } finally {
    socket.close();
  }
}

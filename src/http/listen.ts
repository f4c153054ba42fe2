import type { ListenOptions, Server } from 'node:net';

/** Listens; rejects with the error of the system. What is synchronous about binding is done when this returns. */
export function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

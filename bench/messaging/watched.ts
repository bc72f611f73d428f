/** Ours with all that watches calls: metrics, a middleware of the service in the worker. */
import { Service } from 'bgtasks';
import { type MessagingPeer, PREFETCH } from './peer.js';

export const peers: readonly MessagingPeer[] = [
  {
    id: 'bgtasks-watched',
    name: 'bgtasks, with metrics and a middleware',

    async serve(url, handlers) {
      const service = new Service({
        url,
        concurrency: PREFETCH,
        metrics: true,
        middleware: [(body, _context, next) => next(body)],
      });
      for (const [route, handler] of Object.entries(handlers)) service.rpcTask(`watched.${route}`)(handler);
      await service.start();
    },

    async connect(url) {
      const service = new Service({ url, metrics: true });
      return { call: (route, body) => service.call(`watched.${route}`, body) };
    },
  },
];

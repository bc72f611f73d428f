/** Ours, as it is: acks after the handler, deadlines, `mandatory`, context headers, confirms. */
import { Service } from 'bgtasks';
import { type MessagingPeer, PREFETCH } from '../../messaging/peer.js';

export const peers: readonly MessagingPeer[] = [
  {
    id: 'bgtasks',
    name: 'bgtasks',

    async serve(url, handlers) {
      const service = new Service({ url, concurrency: PREFETCH });
      for (const [route, handler] of Object.entries(handlers)) service.rpcTask(route)(handler);
      await service.start();
    },

    async connect(url) {
      const service = new Service({ url });
      return { call: (route, body) => service.call(route, body) };
    },

    jobs: {
      async publisher(url, queue) {
        const service = new Service({ url });
        return (body, done) => void service.enqueue(queue, body).then(() => done(), done);
      },
      async consumer(url, queue, onJob) {
        const service = new Service({ url, concurrency: PREFETCH });
        service.jobTask(queue)(onJob);
        await service.start();
        return () => service.close();
      },
    },
  },
];

/** Rascal 21: publications with confirms and subscriptions that ack. It has no calls. */
import rascal, { type BrokerConfig } from 'rascal';
import { type MessagingPeer, PREFETCH } from '../../messaging/peer.js';

const { BrokerAsPromised } = rascal;

function configOf(url: string, queue: string): BrokerConfig {
  const config = {
    vhosts: {
      '/': {
        connection: { url, socketOptions: { noDelay: true } },
        queues: { [queue]: { assert: false, check: true } },
        publications: { jobs: { queue, confirm: true, options: { persistent: true } } },
        subscriptions: { jobs: { queue, prefetch: PREFETCH } },
      },
    },
  };
  return config as BrokerConfig; // whose socket options lack those of Node
}

export const peers: readonly MessagingPeer[] = [
  {
    id: 'rascal',
    name: 'Rascal',
    jobs: {
      async publisher(url, queue) {
        const broker = await BrokerAsPromised.create(rascal.withDefaultConfig(configOf(url, queue)));
        return (body, done) => {
          broker.publish('jobs', body as object).then((publication) => {
            publication.once('success', () => done());
            publication.once('error', done);
          }, done);
        };
      },
      async consumer(url, queue, onJob) {
        const broker = await BrokerAsPromised.create(rascal.withDefaultConfig(configOf(url, queue)));
        const subscription = await broker.subscribe('jobs');
        subscription.on('message', (_message, content, ackOrNack) => {
          onJob(content);
          ackOrNack();
        });
        return () => broker.shutdown();
      },
    },
  },
];

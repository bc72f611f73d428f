/** moleculer 0.14 over its AMQP transporter: as shipped (prefetch 1), and with the prefetch of the others. */
import moleculer from 'moleculer';
import { type Handlers, type MessagingPeer, PREFETCH } from '../../messaging/peer.js';

type Transporter = string | { readonly type: 'AMQP'; readonly options: object };

function peer(id: string, name: string, transporterOf: (url: string) => Transporter): MessagingPeer {
  const brokerOf = (url: string, side: string) =>
    new moleculer.ServiceBroker({
      namespace: id,
      nodeID: `${side}-${process.pid}`,
      transporter: transporterOf(url) as never,
      logger: false,
      requestTimeout: 60_000,
    });
  return {
    id,
    name,
    async serve(url, handlers: Handlers) {
      const broker = brokerOf(url, 'worker');
      // An action is named `<service>.<action>`; the context's params are the body.
      const actions = Object.entries(handlers).map(([route, handler]) => [
        route.slice(route.indexOf('.') + 1),
        ({ params }: { params: unknown }) => handler(params),
      ]);
      const [first = 'bench'] = Object.keys(handlers);
      broker.createService({ name: first.slice(0, first.indexOf('.')), actions: Object.fromEntries(actions) });
      await broker.start();
    },
    async connect(url) {
      const broker = brokerOf(url, 'caller');
      await broker.start();
      await broker.waitForServices('bench');
      return { call: (route, body) => broker.call(route, body as never) };
    },
  };
}

export const peers: readonly MessagingPeer[] = [
  peer('moleculer', 'moleculer', (url) => ({
    type: 'AMQP',
    options: { url, prefetch: PREFETCH, socketOptions: { noDelay: true } },
  })),
  peer('moleculer-shipped', 'moleculer as shipped', (url) => url),
];

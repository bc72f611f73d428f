/** moleculer 0.14 over its AMQP transporter, with the populates of moleculer-db. */
import moleculer, { type Context, type Service, type ServiceBroker } from 'moleculer';
import DbService from 'moleculer-db';
import type { Row } from '../remote/objects.js';

export class MoleculerPeer {
  readonly #broker: ServiceBroker;
  readonly #service: Service;

  private constructor(broker: ServiceBroker, service: Service) {
    this.#broker = broker;
    this.#service = service;
  }

  static async open(url: string): Promise<MoleculerPeer> {
    const broker = new moleculer.ServiceBroker({ nodeID: `bench-${process.pid}`, transporter: url, logger: false });
    const settings = { populates: { image: { action: 'images.resolve' } } };
    const service = broker.createService({ name: 'rows', mixins: [DbService], settings });
    await broker.start();
    await broker.waitForServices('images');
    return new MoleculerPeer(broker, service);
  }

  /** Populating changes the rows, so they are copies. */
  list(rows: readonly Row[]): Promise<unknown[]> {
    const context = new moleculer.Context(this.#broker, {} as never) as Context;
    const copies = rows.map((row) => ({ ...row }));
    return this.#service.populateDocs(context, copies, ['image']);
  }

  close(): Promise<void> {
    return this.#broker.stop();
  }
}

/**
 * RabbitMQ for tests: one node shared by the whole mocha run, and nodes of their own for tests that kill and restart one.
 *
 * Shape:  `rabbitUrl()` is the shared node; `startRabbitMq()` starts a private one, which the caller stops.
 * Source: an installed server, else Docker, else `apt-get` installs one (`source.ts`); for the shared node, `BGTASKS_TEST_URL` comes first.
 *         With `BGTASKS_TEST_RABBITMQ=4` all of them are RabbitMQ 4, and `BGTASKS_TEST_URL_4` comes first.
 * Errors: one line that says what to install where there is no source; the node's own output where it does not come up.
 */
import { connect } from 'amqplib';
import { installWithApt } from './rabbitmq/apt.js';
import { CHROOT_SCRIPT, installChroot } from './rabbitmq/chroot.js';
import { dockerLaunch } from './rabbitmq/docker.js';
import { installedLaunch, type Member } from './rabbitmq/installed.js';
import { type Launch, RabbitNode } from './rabbitmq/node.js';
import { chooseSource, chooseSource4, NO_RABBITMQ, thisMachine } from './rabbitmq/source.js';

export type { RabbitNode };

export interface RabbitMq {
  readonly url: string;
  readonly version: string;
  /** Where it comes from, for a log line. */
  readonly description: string;
  stop(): Promise<void>;
}

/** Whether this run is for RabbitMQ 4 (`npm run test:brokers`). */
export const WANTS_4 = process.env.BGTASKS_TEST_RABBITMQ === '4';

/** Read by the test run; set by it as well, so that child processes of tests find the shared node. */
export const URL_VARIABLE = 'BGTASKS_TEST_URL';
const GIVEN_VARIABLE = WANTS_4 ? 'BGTASKS_TEST_URL_4' : URL_VARIABLE;

/** The node shared by all tests of this run. */
export function rabbitUrl(): string {
  const url = process.env[URL_VARIABLE];
  if (url === undefined) throw new Error(`No shared RabbitMQ: run the tests through mocha, or set ${URL_VARIABLE}.`);
  return url;
}

/** A private node on a free port of the loopback interface. Never the one of `BGTASKS_TEST_URL`: its user may kill it. */
export async function startRabbitMq(): Promise<RabbitNode> {
  return RabbitNode.start(await newLaunch());
}

/** How a private node is run; as a member of a cluster where `member` is given. */
export async function newLaunch(member?: Member): Promise<Launch> {
  const machine = thisMachine();
  const source = WANTS_4 ? chooseSource4(machine) : chooseSource(machine);
  const placing = member ? { member } : {};
  switch (source.kind) {
    case 'docker':
      if (member)
        throw new Error('A cluster needs an installed RabbitMQ: the containers of Docker do not see each other.');
      return dockerLaunch();
    case 'installed':
      return installedLaunch(source.script, placing);
    case 'chroot':
      return installedLaunch(CHROOT_SCRIPT, { root: await installChroot(), ...placing });
    case 'apt': {
      await installWithApt();
      const script = machine.serverScript();
      if (script === undefined) throw new Error(NO_RABBITMQ);
      return installedLaunch(script, placing);
    }
  }
}

/** What the mocha run uses: the given URL, checked, or a private node. */
export async function openSharedRabbitMq(): Promise<RabbitMq> {
  const url = process.env[GIVEN_VARIABLE];
  return url ? reach(url) : startRabbitMq();
}

async function reach(url: string): Promise<RabbitMq> {
  try {
    const model = await connect(url, { timeout: 10_000 });
    const { version } = model.connection.serverProperties;
    await model.close();
    return { url, version: String(version), description: GIVEN_VARIABLE, stop: async () => {} };
  } catch (error) {
    // The host alone: the URL holds a password.
    throw new Error(`No RabbitMQ answers at ${new URL(url).host} (${GIVEN_VARIABLE}): ${String(error)}`, {
      cause: error,
    });
  }
}

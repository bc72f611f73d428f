/**
 * klue-microservice-async (pymacaron-async): jobs over Celery whose first three arguments are a magic word, the URL of the
 * request that they were made in, and its token; both are the `url` and the `token` of the caller here.
 *
 * Reading: the first three arguments are cut off in any case, as there. Models are plain objects with the property
 *          `__pymacaron_model_name`, both ways.
 */
import type { IncomingMessage } from '../../broker/broker.js';
import type { Caller } from '../../caller.js';
import type { Arguments } from '../../tasks/arguments.js';
import type { Protocol, WorkInfo, WorkProtocol } from '../protocol.js';
import { celery, celeryWork } from './celery.js';
import { argumentsOf, readInfo, readTask } from './message.js';

const MAGIC = 'PYMACARON_ALSO_WHIPS_THE_LLAMA_S';
/** The magic word, the URL and the token. */
const OWN = 3;

/** The caller of such a job has the token of the request as well. */
interface KlueCaller extends Caller {
  readonly token?: unknown;
}

const { encodeResult: _alwaysNull, ...jobs } = celeryWork;

const work: WorkProtocol = {
  ...jobs,

  encode(task, maxBodyBytes, numbers) {
    const { url = '', token = null } = task.caller as KlueCaller;
    const { args, kwargs = {} } = argumentsOf(task.route, task.body);
    return celeryWork.encode({ ...task, body: { args: [MAGIC, url, token, ...args], kwargs } }, maxBodyBytes, numbers);
  },

  decodeInfo: (message) => ({ ...celeryWork.decodeInfo(message), caller: callerOf(message) }),

  decodeBody(message, maxBodyBytes, numbers) {
    const { args, kwargs = {} } = readTask(message, maxBodyBytes, numbers);
    return { args: args.slice(OWN), kwargs };
  },
};

/** That of a service of ours where it says so: it has more, and may be signed. */
function callerOf(message: IncomingMessage): WorkInfo['caller'] {
  const own = readInfo(message).caller;
  if (Object.keys(own).length > 0) return own;
  const [word, url, token] = argsOf(message);
  if (word !== MAGIC) return {};
  const caller: KlueCaller = {
    ...(typeof url === 'string' && url !== '' && { url }),
    ...(typeof token === 'string' && { token }),
  };
  return caller;
}

/** None where they cannot be read: that is an error of the body. */
function argsOf(message: IncomingMessage): Arguments['args'] {
  try {
    return readTask(message, message.body.length).args;
  } catch {
    return [];
  }
}

export const klue: Protocol = { ...celery, name: 'klue', isJobsOnly: true, work };

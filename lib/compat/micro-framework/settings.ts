/**
 * The settings of micro_framework as options of a service, which may stand beside them.
 *
 * Errors: `INVALID_SETTING`, under the name that was given.
 */
import { BgTasksError, preview } from '../../errors.js';
import type { ServiceOptions } from '../../settings/options.js';
import { checkOptions } from '../../settings/values.js';

/** The `greedy` ones finish at the end what was taken, the others only what runs. */
export type WorkerMode = 'thread' | 'greedy_thread' | 'process' | 'greedy_process';

/** Of a setting and the option that it stands for, only one may be given. What is `undefined` is left out. */
export interface RunnerSettings extends ServiceOptions {
  /** `url`. */
  AMQP_URI?: string | undefined;
  /** `concurrency` and `workers`: targets at once, and children of each pool. */
  MAX_WORKERS?: number | undefined;
  /** `serviceName`; events and calls over AMQP need it. */
  SERVICE_NAME?: string | undefined;
  /** `pool` and `greedy`. Default: targets run in the process itself. */
  WORKER_MODE?: WorkerMode | undefined;
  /** `maxTasksPerChild`, of processes alone. */
  MAX_TASKS_PER_CHILD?: number | undefined;
  /** `websocket.host`. Default: 127.0.0.1, and not 0.0.0.0 as there. */
  WEBSOCKET_IP?: string | undefined;
  /** `websocket.port`. Default: 8765. */
  WEBSOCKET_PORT?: number | undefined;
}

const MODES: Readonly<Record<WorkerMode, Record<string, unknown>>> = {
  thread: { pool: 'thread' },
  greedy_thread: { pool: 'thread', greedy: true },
  process: { pool: 'process' },
  greedy_process: { pool: 'process', greedy: true },
};

type Options = Readonly<Record<string, unknown>>;

const MEANINGS: Readonly<Record<string, (value: unknown) => Options>> = {
  AMQP_URI: (url) => ({ url }),
  MAX_WORKERS: (workers) => ({ concurrency: workers, workers }),
  SERVICE_NAME: (serviceName) => ({ serviceName }),
  WORKER_MODE: modeOf,
  MAX_TASKS_PER_CHILD: (maxTasksPerChild) => ({ maxTasksPerChild }),
  WEBSOCKET_IP: (host) => ({ websocket: { host } }),
  WEBSOCKET_PORT: (port) => ({ websocket: { port } }),
};

export function serviceOptions(settings: RunnerSettings): ServiceOptions {
  const options: Record<string, unknown> = {};
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) if (!isTheirs(name)) options[name] = value;
  for (const [name, value] of given) if (isTheirs(name)) add(options, name, meaningOf(name, value));
  return options;
}

/** `within`: the option that these are part of. */
function add(options: Record<string, unknown>, name: string, meaning: Options, within = ''): void {
  for (const [option, value] of Object.entries(meaning)) {
    if (option === 'websocket') {
      const websocket = { ...(options.websocket as object | undefined) };
      add(websocket, name, value as Options, 'websocket.');
      options.websocket = websocket;
    } else if (options[option] !== undefined) {
      throw invalid(name, `Give either "${name}" or "${within}${option}", not both.`);
    } else {
      options[option] = value;
    }
  }
}

/** Their names are all in capitals; none of ours is. */
function isTheirs(name: string): boolean {
  return /^[A-Z][A-Z0-9_]*$/.test(name);
}

function meaningOf(name: string, value: unknown): Options {
  const meaning = Object.hasOwn(MEANINGS, name) ? MEANINGS[name] : undefined;
  if (!meaning) {
    const known = Object.keys(MEANINGS).join(', ');
    throw invalid(name, `Unknown setting "${name}". Those of micro_framework are: ${known}; others are our own.`);
  }
  const options = meaning(value);
  try {
    checkOptions(options);
  } catch (error) {
    throw invalid(name, (error as Error).message.replace(/^Setting "\w+"/, `Setting "${name}"`), error);
  }
  return options;
}

function modeOf(mode: unknown): Options {
  if (typeof mode === 'string' && Object.hasOwn(MODES, mode)) return MODES[mode as WorkerMode];
  const problem = `must be one of ${Object.keys(MODES).join(', ')}, not ${preview(mode)}.`;
  throw invalid('WORKER_MODE', `Setting "WORKER_MODE" ${problem}`);
}

function invalid(setting: string, message: string, cause?: unknown): BgTasksError {
  return new BgTasksError('INVALID_SETTING', message, { setting }, { cause });
}

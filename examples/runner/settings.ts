import type { RunnerSettings } from 'bgtasks/compat';

const { AMQP_URI, WEBSOCKET_PORT = '8765' } = process.env;

export const settings = {
  AMQP_URI: AMQP_URI ?? 'amqp://guest:guest@localhost:5672/',
  SERVICE_NAME: 'mails',
  MAX_WORKERS: 2,
  WORKER_MODE: 'process',
  MAX_TASKS_PER_CHILD: 100, // then the process is replaced by a new one
  WEBSOCKET_PORT: Number(WEBSOCKET_PORT),
} satisfies RunnerSettings;

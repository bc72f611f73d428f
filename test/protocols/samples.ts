/** Messages as they were recorded from the Python systems: the bytes of their bodies, and the properties that they set. */
import { gzipSync } from 'node:zlib';
import type { IncomingMessage } from '../../lib/broker/broker.js';

function message(body: string | Buffer, properties: IncomingMessage['properties'] = {}): IncomingMessage {
  return { body: Buffer.from(body), properties };
}

const REPLY = { correlationId: '27c0b529-e9ff-48a6-bea0-f0bbfec5451b', replyTo: 'amq.gen-GeebOJ6LSTL3QfOpH4-Paw' };
/** As Python escapes it: all ASCII. */
const ESCAPED = '{"a": 1, "t": "h\\u00e9llo \\u4e16 \\ud83d\\ude00"}';
const UNESCAPED = { a: 1, t: 'héllo 世 😀' };

export const BGTASKS = {
  request: message(ESCAPED, REPLY),
  body: UNESCAPED,
  reply: message(`{"status": "success", "data": ${ESCAPED}}`, { correlationId: REPLY.correlationId }),
  answer: { status: 'success', data: UNESCAPED },
  job: message(ESCAPED),
};

const UTF8 = { contentType: 'application/json', contentEncoding: 'utf-8' };
const EMBED = '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}';
const CELERY_ID = 'aa4453c1-0b8f-4b3c-9df4-0c6f5b2a9f10';
const CELERY_HEADERS = {
  lang: 'py',
  task: 'Calc.add',
  id: CELERY_ID,
  shadow: null,
  eta: null,
  expires: null,
  group: null,
  group_index: null,
  retries: 0,
  timelimit: [null, null],
  root_id: CELERY_ID,
  parent_id: null,
  argsrepr: '()',
  kwargsrepr: "{'a': 1, 'b': 2}",
  origin: 'gen30369@host',
  ignore_result: false,
};
const celeryTask = (body: string, headers: object = {}) =>
  message(body, {
    ...UTF8,
    deliveryMode: 2,
    priority: 0,
    correlationId: CELERY_ID,
    replyTo: '7e6b9a3e-7d57-3f70-8b3c-51a4b0c1e6a2',
    headers: { ...CELERY_HEADERS, ...headers },
  });
const result = (body: string) => message(body, { ...UTF8, deliveryMode: 1, correlationId: CELERY_ID, headers: {} });

export const CELERY = {
  id: CELERY_ID,
  task: celeryTask(`[[], {"a": 1, "b": 2}, ${EMBED}]`),
  later: celeryTask(`[[1], {}, ${EMBED}]`, { eta: '2026-11-21T01:21:11.365168+00:00', retries: 2 }),
  success: result(`{"task_id": "${CELERY_ID}", "status": "SUCCESS", "result": 3, "traceback": null, "children": []}`),
  failure: result(
    `{"task_id": "${CELERY_ID}", "status": "FAILURE", "result": {"exc_type": "ValueError", "exc_message": ["boom"], ` +
      '"exc_module": "builtins"}, "traceback": "Traceback (most recent call last):\\n  ...", "children": []}',
  ),
  revoked: result(
    `{"task_id": "${CELERY_ID}", "status": "REVOKED", "result": {"exc_type": "TaskRevokedError", "exc_message": ` +
      '["expired"], "exc_module": "celery.exceptions"}, "traceback": null, "children": []}',
  ),
  unknown: result(
    `{"task_id": "${CELERY_ID}", "status": "FAILURE", "result": {"exc_type": "NotRegistered", "exc_message": ` +
      '["Calc.nosuch"], "exc_module": "celery.exceptions"}, "traceback": null, "children": []}',
  ),
  protocol1: message(`{"task": "Calc.add", "id": "${CELERY_ID}", "args": [1], "kwargs": {"b": 2}, "retries": 1}`, UTF8),
};

const KLUE_TASK = { task: 'svc.tasks.mail' };

export const KLUE = {
  task: celeryTask(
    '[["PYMACARON_ALSO_WHIPS_THE_LLAMA_S", "http://svc.example/v1/user?x=1", "tok-123", "a@b.c", ' +
      `[{"name": "Tom", "__pymacaron_model_name": "User"}]], {"subject": "hi"}, ${EMBED}]`,
    KLUE_TASK,
  ),
  foreign: celeryTask(`[[1, 2, 3, "kept"], {}, ${EMBED}]`, KLUE_TASK),
  short: celeryTask(`[["a"], {}, ${EMBED}]`, KLUE_TASK),
};

const OCTETS = { contentType: 'application/octet-stream', headers: {} };

export const GZIP = {
  /** Of the client in the README: neither type nor content type. */
  request: message(gzipSync('{"data": "a message"}'), REPLY),
  aioRequest: message(gzipSync('{"data": {"n": 1}}'), {
    ...REPLY,
    contentType: 'application/octet-stream',
    type: 'call',
    deliveryMode: 1,
    priority: 5,
    headers: { From: REPLY.replyTo },
  }),
  bare: message(gzipSync('"a test message"')),
  plain: message('{"data": 5}'),
  several: message(gzipSync('{"data": 1, "extra": 2}')),
  success: message(gzipSync('{"success": true, "data": "a message"}'), { ...OCTETS, type: 'result' }),
  failure: message(
    gzipSync(
      '{"success": false, "error": {"type": "ValueError", "message": "ValueError(\'boom\', 42)", "args": ["boom", 42], ' +
        '"trace": "Traceback (most recent call last):\\n  ..."}}',
    ),
    { ...OCTETS, type: 'result' },
  ),
  /** A request that came back by its dead-letter exchange. */
  expired: message(gzipSync('{"data": "a message"}'), { ...OCTETS, type: 'call' }),
};

const UFW = { ...UTF8, deliveryMode: 2, priority: 0, headers: {} };

export const MICRO_FRAMEWORK = {
  request: message('{"command": "rpc_add", "command_args": [1, 2], "command_kwargs": {"scale": 10}}', {
    ...UFW,
    ...REPLY,
  }),
  twice: message('"{\\"command\\": \\"rpc_add\\", \\"command_args\\": [1, 2]}"', { ...UFW, ...REPLY }),
  bare: message('{"command": "rpc_add"}', { ...UFW, ...REPLY }),
  answer: message('"{\\"data\\": 30, \\"exception\\": null}"', UFW),
  failure: message(
    '"{\\"data\\": null, \\"exception\\": {\\"exception\\": \\"ValueError\\", \\"message\\": \\"(\'boom\', 7)\\", ' +
      '\\"args\\": [\\"boom\\", 7], \\"kwargs\\": {}, \\"module\\": null}}"',
    UFW,
  ),
  event: message('{"id": 1}', UFW),
};

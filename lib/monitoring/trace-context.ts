/** W3C trace context as it travels: https://www.w3.org/TR/trace-context/. */

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const MAX_TRACESTATE = 512;

export function isTraceparent(value: unknown): value is string {
  return typeof value === 'string' && TRACEPARENT.test(value);
}

/** Longer ones may be dropped, says the specification. */
export function isTracestate(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TRACESTATE;
}

/**
 * Hooks of the recorded cases: `{ do: 'raise', detail, code }` and the like, as functions.
 *
 * Shape:  `hookOf(description)` is given the value and what the serializer knows; `methodOf` is given the row.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Ctx, EMPTY } from '../../fields/index.js';
import { refuse } from './describe-validator.js';
import { decode } from './tags.js';

export interface HookDescription {
  readonly do: string;
  readonly [fact: string]: unknown;
}

type Values = Record<string, never>;

export function hookOf(description: HookDescription): (value: never, ctx: Ctx) => unknown {
  const { detail, code } = description;
  const no = () => refuse(detail, code);
  const names = (description.fields ?? []) as readonly [string, string];
  switch (description.do) {
    case 'raise':
    case 'raise_django':
      return no;
    case 'raise_if': {
      const wrong = decode(description.equals);
      return (value) => (isDeepStrictEqual(value, wrong) ? no() : value);
    }
    case 'raise_if_updating':
      return (value, { instance }) => (instance ? no() : value);
    case 'return':
      return () => decode(description.value);
    case 'skip':
      return () => EMPTY;
    case 'upper':
      return (value: string) => value.toUpperCase();
    case 'set':
      return (value: object) => ({ ...value, [description.key as string]: decode(description.value) });
    case 'ordered':
      return (value: Values) => {
        const [first, second] = names;
        return first in value && second in value && Number(value[first]) > Number(value[second]) ? no() : value;
      };
    case 'same':
      return (value: Values) => (isDeepStrictEqual(value[names[0]], value[names[1]]) ? value : no());
    case 'max_total':
      return (value: readonly Values[]) => {
        const total = value.reduce((sum, item) => sum + Number(item[description.key as string] ?? 0), 0);
        return total > (description.limit as number) ? no() : value;
      };
    default:
      throw new Error(`Unknown hook ${description.do}`);
  }
}

/** Of a method field. */
export function methodOf(description: HookDescription): (row: Values, ctx: Ctx) => unknown {
  switch (description.do) {
    case 'attr':
      return (row) => row[description.name as string];
    case 'join':
      return (row) => (description.names as string[]).map((name) => row[name]).join(description.separator as string);
    case 'context':
      return (_row, { context }) => context[description.key as string] ?? null;
    case 'return':
      return () => decode(description.value);
    default:
      throw new Error(`Unknown method ${description.do}`);
  }
}

/**
 * What an empty form shows: the option `initial` of a field, else what its kind starts with.
 *
 * Shape:  a value for each field that takes input, by name.
 */
import { BooleanField } from '../fields/boolean.js';
import { CharField } from '../fields/char.js';
import { DictField } from '../fields/dict.js';
import { HiddenField } from '../fields/hidden.js';
import { ListField } from '../fields/list.js';
import { ManyRelatedField } from '../fields/many-related.js';
import { RelatedField } from '../fields/related.js';
import type { AnyField, Ctx, FieldOptions } from '../fields/types.js';
import { INITIAL } from './definition.js';
import { setOwn, type Target } from './run.js';

export function initialOf(fields: Readonly<Record<string, AnyField>>, ctx: Ctx): Target {
  const form: Target = {};
  for (const [name, field] of Object.entries(fields)) {
    const { readOnly } = field.options as FieldOptions;
    if (!readOnly && !(field instanceof HiddenField)) setOwn(form, name, initialValue(field, ctx));
  }
  return form;
}

function initialValue(field: AnyField, ctx: Ctx): unknown {
  const { initial, allowNull } = field.options as FieldOptions & { readonly initial?: unknown };
  if (typeof initial === 'function') return initial(ctx);
  if (initial !== undefined) return initial;
  const nested = (field as { [INITIAL]?(ctx: Ctx): unknown })[INITIAL];
  if (nested) return nested.call(field, ctx);
  if (field instanceof CharField) return '';
  if (field instanceof BooleanField) return allowNull ? null : false;
  if (field instanceof ListField || isRelatedList(field)) return [];
  return field instanceof DictField ? {} : null;
}

function isRelatedList(field: AnyField): boolean {
  return field instanceof ManyRelatedField || (field instanceof RelatedField && field.options.many === true);
}

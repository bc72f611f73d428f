/** Serializers for lists of primary keys. */

import { NO_CTX } from '../fields/field.js';
import { IntegerField } from '../fields/integer.js';
import { ListField } from '../fields/list.js';
import { BaseSerializer } from './base-serializer.js';
import { DEFINITION, type Definition } from './definition.js';
import { Serializer } from './serializer.js';

const integers = new ListField({ child: new IntegerField() });
const NO_FIELDS: Definition = { kind: 'IntegerListSerializer', fields: () => ({}), hooks: {}, remote: {} };

/** A bare list of whole numbers: `new IntegerListSerializer(undefined, { data: [1, 2] })`. */
export class IntegerListSerializer extends BaseSerializer<readonly number[], number[], number[]> {
  static readonly [DEFINITION] = NO_FIELDS;

  override async toInternalValue(data: unknown): Promise<number[]> {
    return (await integers.runValidation(data, NO_CTX)) as number[];
  }

  override toRepresentation(numbers: readonly number[]): number[] {
    return [...numbers];
  }
}

/** `{ ids: [1, 2] }`: may be left out, and is not empty where it is there. */
export class IdsSerializer extends Serializer({
  ids: new ListField({ child: new IntegerField(), required: false, allowEmpty: false }),
}) {}

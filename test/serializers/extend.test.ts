import { expect } from 'chai';
import {
  CharField,
  extend,
  IntegerField,
  type Representation,
  Serializer,
  type Validated,
} from '../../serializers/index.js';
import { assertType, type Equal } from './equal.js';

class Person extends Serializer(
  { name: new CharField(), age: new IntegerField(), note: new CharField({ required: false }) },
  {
    validators: { name: (name) => name.toUpperCase(), age: (age) => age + 1 },
    validate: (attrs) => attrs,
  },
) {
  greeting() {
    return 'hello';
  }
  override async create(attrs: object) {
    return { ...attrs, isStored: true };
  }
}

class Pet extends extend(Person, {
  exclude: ['age', 'note'],
  declared: { kind: new CharField({ maxLength: 3 }) },
  validators: { kind: (kind) => `${kind}!` },
}) {}

assertType<Equal<Representation<Pet>, { name: string; kind: string }>>();
assertType<Equal<Validated<Pet>, { name: string; kind: string }>>();

describe('extend', () => {
  it('leaves fields out, adds others, and keeps the hooks of those that stay', async () => {
    const pet = new Pet(undefined, { data: { name: 'rex', kind: 'dog', age: 1 } });
    expect(await pet.isValid()).to.equal(true);
    expect(pet.validatedData).to.deep.equal({ name: 'REX', kind: 'dog!' });
    expect(Object.keys(Pet.fields)).to.deep.equal(['name', 'kind']);
  });

  it('inherits methods, and leaves the base as it was', async () => {
    const pet = new Pet(undefined, { data: { name: 'rex', kind: 'dog' } });
    await pet.isValid();
    expect(await pet.save()).to.deep.equal({ name: 'REX', kind: 'dog!', isStored: true });
    expect(Object.keys(Person.fields)).to.deep.equal(['name', 'age', 'note']);
    expect(pet).to.be.instanceOf(Person);
  });

  it('puts its validate in the place of a method', async () => {
    class Checked extends Serializer({ name: new CharField() }) {
      override validate(attrs: { name: string }) {
        return { name: `${attrs.name}?` };
      }
    }
    class Strict extends extend(Checked, { validate: ({ name }) => ({ name: `${name}!` }) }) {}
    class Kept extends extend(Checked, {}) {}
    const read = async (serializer: InstanceType<typeof Strict | typeof Kept>) => {
      await serializer.isValid({ raiseException: true });
      return serializer.validatedData;
    };
    const data = { name: 'rex' };
    expect(await read(new Strict(undefined, { data }))).to.deep.equal({ name: 'rex!' });
    expect(await read(new Kept(undefined, { data }))).to.deep.equal({ name: 'rex?' });
  });

  it('says USAGE for an excluded name that the base does not have', () => {
    const Wrong = extend(Person, { exclude: ['nmae' as 'name'] });
    expect(() => Wrong.fields)
      .to.throw('"nmae"')
      .with.property('code', 'USAGE');
  });
});

function refused() {
  extend(Person, {
    // @ts-expect-error 'nmae' is no field of the base
    exclude: ['nmae'],
  });
  extend(Person, {
    exclude: ['age'],
    // @ts-expect-error the field is left out
    validators: { age: (age: number) => age },
  });
}
void refused;

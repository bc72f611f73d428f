import 'reflect-metadata';
import { expect } from 'chai';
import { Exclude, Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsEmail, IsOptional, Length, ValidateNested } from 'class-validator';
import type { StandardSchemaV1 } from '../../lib/schema.js';
import { DtoSerializer, type InputOf, nested, Serializer, type Validated } from '../../serializers/index.js';
import { assertType, type Equal } from './equal.js';

class AddressDto {
  @Length(2, 10) city!: string;
}

class CreateUserDto {
  @IsEmail() email!: string;
  @IsOptional() @Exclude({ toPlainOnly: true }) password?: string;
  @IsArray() @ArrayMaxSize(2) @ValidateNested({ each: true }) @Type(() => AddressDto) addresses!: AddressDto[];
}

class UserSerializer extends DtoSerializer(CreateUserDto) {}

/** What any library with Standard Schemas gives. */
const schema: StandardSchemaV1<{ n: string }, { n: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const n = Number((value as { n?: unknown } | null)?.n);
      return Number.isNaN(n) ? { issues: [{ message: 'Not a number.', path: ['n'] }] } : { value: { n } };
    },
  },
};

assertType<Equal<Validated<UserSerializer>, CreateUserDto>>();
const FromSchema = DtoSerializer(schema);
assertType<Equal<Validated<typeof FromSchema>, { n: number }>>();
assertType<Equal<InputOf<typeof FromSchema>, { n: string }>>();

describe('DtoSerializer', () => {
  const valid = { email: 'a@x.io', password: 'x', addresses: [{ city: 'Rome' }] };

  it('gives an instance of the class for valid input', async () => {
    const serializer = new UserSerializer(undefined, { data: valid });
    expect(await serializer.isValid()).to.equal(true);
    expect(serializer.validatedData).to.be.instanceOf(CreateUserDto);
    expect(serializer.validatedData.addresses[0]).to.be.instanceOf(AddressDto);
  });

  it('gives messages by field, those of nested objects within', async () => {
    const serializer = new UserSerializer(undefined, {
      data: { email: 'x', addresses: [{ city: 'Rome' }, { city: '' }] },
    });
    expect(await serializer.isValid()).to.equal(false);
    expect(serializer.errors).to.deep.equal({
      email: ['email must be an email'],
      addresses: { 1: { city: ['city must be longer than or equal to 2 characters'] } },
    });
  });

  it('gives the messages of a list beside those of its items', async () => {
    const addresses = [{ city: 'Rome' }, { city: '' }, { city: 'Bern' }];
    const serializer = new UserSerializer(undefined, { data: { email: 'a@x.io', addresses } });
    expect(await serializer.isValid()).to.equal(false);
    expect(serializer.errors).to.deep.equal({
      addresses: {
        non_field_errors: ['addresses must contain no more than 2 elements'],
        1: { city: ['city must be longer than or equal to 2 characters'] },
      },
    });
  });

  it('does not miss what a partial update leaves out', async () => {
    const serializer = new UserSerializer(undefined, { data: { email: 'a@x.io' }, partial: true });
    expect(await serializer.isValid()).to.equal(true);
  });

  it('shows an object as class-transformer does', async () => {
    expect(await UserSerializer.many([valid as CreateUserDto]).data).to.deep.equal([
      { email: 'a@x.io', addresses: [{ city: 'Rome' }] },
    ]);
  });

  it('is a nested serializer as well', async () => {
    const S = Serializer({ user: nested(UserSerializer) });
    const serializer = new S(undefined, { data: { user: { email: 'x', addresses: [] } } });
    await serializer.isValid();
    expect(serializer.errors).to.deep.equal({ user: { email: ['email must be an email'] } });
  });

  it('takes any Standard Schema in place of a class', async () => {
    const good = new FromSchema(undefined, { data: { n: '3' } });
    expect([await good.isValid(), good.validatedData, await good.data]).to.deep.equal([true, { n: 3 }, { n: 3 }]);
    const bad = new FromSchema(undefined, { data: { n: 'x' } });
    expect([await bad.isValid(), bad.errors]).to.deep.equal([false, { n: ['Not a number.'] }]);
  });

  for (const data of [null, 5, 'x', [], { __proto__: null }, JSON.parse('{"__proto__":1,"constructor":2}')]) {
    it(`refuses ${JSON.stringify(data)}`, async () => {
      expect(await new UserSerializer(undefined, { data }).isValid()).to.equal(false);
    });
  }
});

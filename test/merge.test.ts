import { BgTasksError, indexBy, merge, mergeDict, mergeObj } from 'bgtasks';
import { expect } from 'chai';

const product5 = { id: 5, name: 'Product 5' };
const product6 = { id: 6, name: 'Product 6' };

describe('merge', () => {
  it('puts the row in the place of its key', () => {
    expect(mergeDict({ product: 5, quantity: 10 }, 'product', [product6, product5], 'id')).to.deep.equal({
      product: product5,
      quantity: 10,
    });
  });

  it('changes the object that it is given, and returns it', () => {
    class Order {
      product: unknown = 5;
    }
    const order = new Order();
    expect(mergeObj(order, 'product', [product5], 'id')).to.equal(order);
    expect(order.product).to.equal(product5);
  });

  it('compares keys as strings', () => {
    expect(merge({ product: '5' }, 'product', [product5], 'id')).to.deep.equal({ product: product5 });
    expect(merge({ product: 5 }, 'product', [{ id: '5' }], 'id')).to.deep.equal({ product: { id: '5' } });
    expect(merge({ product: 0 }, 'product', [{ id: 0 }], 'id')).to.deep.equal({ product: { id: 0 } });
  });

  it('puts the list of rows with the same set of keys in the place of a list', () => {
    const rows = [[product5], [product6, product5]];
    expect(merge({ products: [5, 6] }, 'products', rows, 'id')).to.deep.equal({ products: [product6, product5] });
  });

  for (const [what, target, rows] of [
    ['a key without a row', { product: 7 }, [product5]],
    ['a list that no list of rows matches', { product: [5, 7] }, [[product5, product6]]],
    ['null', { product: null }, [{ id: null }, { id: 'null' }]],
    ['a text that spells no value', { product: 'undefined' }, [{ name: 'no id' }, { id: null }]],
    ['a field that is not there', {}, [{ id: undefined }]],
    ['a field that is inherited', { __proto__: { product: 5 } }, [product5]],
  ] as const) {
    it(`leaves the object as it is for ${what}, and returns undefined`, () => {
      const before = JSON.stringify(target);
      expect(merge(target, 'product', rows as Iterable<object>, 'id')).to.equal(undefined);
      expect(JSON.stringify(target)).to.equal(before);
    });
  }

  it('throws instead with raiseException', () => {
    expect(() => merge({ product: 7 }, 'product', [product5], 'id', { raiseException: true }))
      .to.throw(BgTasksError, 'Can not merge as data is not found')
      .with.property('code', 'MERGE_NOT_FOUND');
  });

  it('takes an index that was built once, for a loop over many objects', () => {
    const index = indexBy([product5, product6], 'id');
    expect(merge({ product: 5 }, 'product', index, 'id')).to.deep.equal({ product: product5 });
    expect(merge({ products: [6, 5] }, 'products', index, 'id')).to.deep.equal({ products: [product6, product5] });
    expect(merge({ products: [6, 7] }, 'products', index, 'id')).to.equal(undefined);
  });

  it('indexes rows by own properties, the first of several', () => {
    const index = indexBy([{ id: 1, n: 1 }, { id: '1', n: 2 }, Object.create({ id: 3 }) as object, {}], 'id');
    expect([...index.keys()]).to.deep.equal(['1']);
    expect(index.get('1')).to.deep.equal({ id: 1, n: 1 });
  });
});

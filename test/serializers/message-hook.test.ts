import { Service } from 'bgtasks';
import { CharField, IntegerField, Serializer } from 'bgtasks/serializers';
import { expect } from 'chai';
import { runIn } from '../../lib/scope.js';

class User extends Serializer({
  name: new CharField({ maxLength: 3 }),
  age: new IntegerField({ errorMessages: { required: 'Wie alt?' } }),
}) {}

describe('the setting messages', () => {
  it('replaces the texts of validation errors for its service, facts filled in afterwards', async () => {
    const german: Record<string, string> = { max_length: 'Höchstens {max_length} Zeichen.' };
    const service = new Service({ url: 'memory://', messages: (code, text) => german[code] ?? text });
    const scope = { service, caller: {}, deadline: undefined, calls: 0 };
    const user = new User(undefined, { data: { name: 'Thomas' } });
    await runIn(scope, () => user.isValid());
    expect(user.errors).to.deep.equal({ name: ['Höchstens 3 Zeichen.'], age: ['Wie alt?'] });
    const elsewhere = new User(undefined, { data: { name: 'Thomas', age: 1 } });
    await elsewhere.isValid();
    expect(elsewhere.errors).to.deep.equal({ name: ['Ensure this field has no more than 3 characters.'] });
  });

  it('does not settle the settings', async () => {
    const service = new Service({ url: 'memory://', messages: (_code, text) => text });
    await runIn({ service, caller: {}, deadline: undefined, calls: 0 }, () =>
      new User(undefined, { data: {} }).isValid(),
    );
    service.configure({ serviceName: 'still-open' });
    expect(service.settings.serviceName).to.equal('still-open');
  });
});

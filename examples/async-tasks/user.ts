export class User {
  constructor(
    readonly name = '',
    readonly email = '',
  ) {}

  get greeting(): string {
    return `Dear ${this.name}`;
  }
}

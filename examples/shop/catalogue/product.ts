/** A product. `image` and `category` are rows of another service: integers, where a foreign key once was. */
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
export class Product {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ length: 80 })
  name!: string;

  /** In cents. */
  @Column()
  price!: number;

  @Column()
  stock!: number;

  @Column()
  image!: number;

  @Column()
  category!: number;
}

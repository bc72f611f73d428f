/** The tables of the image service. The keys are what other services keep as plain integers. */
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
export class Image {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column()
  path!: string;

  /** What the picture shows, for those who do not see it. */
  @Column()
  alt!: string;
}

@Entity()
export class Category {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column()
  name!: string;
}

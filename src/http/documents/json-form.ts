/** A type as `JSON.stringify` writes it: what is undefined is a missing key, `toJSON` is asked, lists are plain. */
export type JsonForm<T> = T extends { toJSON(): infer Written }
  ? JsonForm<Written>
  : T extends string | number | boolean | null
    ? T
    : T extends readonly (infer Item)[]
      ? JsonForm<Item>[]
      : T extends object
        ? Flat<
            { -readonly [Key in keyof T as undefined extends T[Key] ? never : Key]: JsonForm<T[Key]> } & {
              -readonly [Key in keyof T as undefined extends T[Key] ? Key : never]?: JsonForm<
                Exclude<T[Key], undefined>
              >;
            }
          >
        : never;

type Flat<T> = { [Key in keyof T]: T[Key] };

type EveryKey<T> = T extends readonly (infer Item)[]
  ? EveryKey<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: EveryKey<Exclude<T[Key], undefined>> }
    : T;

/**
 * True when each of the two can stand for the other, keys that may be missing included. Ties a schema to the model
 * at compile time.
 */
export type Same<Left, Right> = [Left, EveryKey<Left>] extends [Right, EveryKey<Right>]
  ? [Right, EveryKey<Right>] extends [Left, EveryKey<Left>]
    ? true
    : false
  : false;

/** Compiles only for `true`. */
export type Holds<Claim extends true> = Claim;

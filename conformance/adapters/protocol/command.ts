/** What an entry of the protocol's table says of a command. */
import type { z } from "zod";
import type { StepTimer } from "../../../kernel/mod.ts";
import type { AllocatorSubject, KernelSubject, Refusal } from "../../subject.ts";
import type { Tensors } from "../safetensors.ts";

/** Parts of a subject that commands call, by the name that they have in a subject. */
export interface SubjectParts {
  readonly allocator: AllocatorSubject;
  readonly kernel: KernelSubject;
  /** The clock, which times steps of a kernel. */
  readonly clock: StepTimer;
}

/** Fields of a request beside `id` and `command`. */
export type FieldsOf<Request extends z.ZodRawShape> = {
  readonly [K in keyof Request]: Request[K] extends z.ZodType<infer T> ? T : never;
};

/** Tensors of a file by name: what each holds, with its shape. */
export type TensorTable = Readonly<Record<string, string>>;

/** What a method of a subject answers when it does not refuse. */
export type AnswerOf<Method> = Method extends (...o: never[]) => Promise<infer A>
  ? A extends { readonly kind: "ok"; readonly value: infer V } ? V : A extends Refusal ? never : A
  : never;

/** A command of the conversation itself, which the two ends answer without a subject's part. */
export interface ConversationCommand<
  Request extends z.ZodRawShape = z.ZodRawShape,
  Result extends z.ZodType = z.ZodType,
> {
  /** No part of a subject. */
  readonly part: "conversation";
  /** What it does, and what its result is. */
  readonly about: string;
  readonly request: Request;
  readonly result: Result;
}

/** A message without its envelope. */
export interface Packed<Fields> {
  /** Its fields, but for the name of the file of tensors. */
  readonly fields: Fields;
  /** Its tensors; absent where it has none. */
  readonly tensors?: Tensors;
}

/** A command that calls the method of its name of one part of a subject. */
export interface PartCommand<
  Method extends (...o: never[]) => Promise<unknown>,
  Request extends z.ZodRawShape = z.ZodRawShape,
  Result extends z.ZodType = z.ZodType,
> {
  readonly part: keyof SubjectParts;
  /** What it does, and what its result is. */
  readonly about: string;
  readonly request: Request;
  readonly result: Result;
  readonly requestTensors?: TensorTable;
  readonly resultTensors?: TensorTable;
  /**
   * What the method gives: a reply with its value inside, a value that may be a refusal instead, or
   * a value alone, which nothing may refuse.
   */
  readonly answers: "reply" | "value-or-refusal" | "value";
  /** From the method's arguments to a request. */
  readonly pack: (...o: Parameters<Method>) => Packed<Omit<FieldsOf<Request>, "tensors">>;
  /** From a request to the method's arguments; tensors are empty where the request has none. */
  readonly unpack: (fields: FieldsOf<Request>, tensors: Tensors) => Parameters<Method>;
  /** From the method's value to a result. */
  readonly packResult: (
    value: AnswerOf<Method>,
    fields: FieldsOf<Request>,
  ) => Packed<unknown>;
  /** From a result to the method's value. */
  readonly unpackResult: (
    value: z.infer<Result>,
    tensors: Tensors,
    o: Parameters<Method>,
  ) => AnswerOf<Method>;
}

/** A part's command with the types of its method erased. */
export type AnyPartCommand = PartCommand<
  (...o: unknown[]) => Promise<unknown>,
  Record<string, z.ZodType>
>;

type Codec = "pack" | "unpack" | "packResult" | "unpackResult";

/**
 * Declares the command of a method. Where nothing else is said, the message is the method's one
 * argument as it is, and the result its value.
 *
 * @returns What takes the rest of the entry; message types follow from it.
 */
export function partCommand<Method extends (...o: never[]) => Promise<unknown>>(
  part: keyof SubjectParts,
) {
  return <Request extends z.ZodRawShape, Result extends z.ZodType>(
    o:
      & Omit<PartCommand<Method, Request, Result>, Codec | "part" | "answers">
      & Partial<Pick<PartCommand<Method, Request, Result>, Codec | "answers">>,
  ): PartCommand<Method, Request, Result> => ({
    part,
    answers: "reply",
    pack: (...[argument]) => ({ fields: (argument ?? {}) as Omit<FieldsOf<Request>, "tensors"> }),
    unpack: (fields) => [fields] as unknown as Parameters<Method>,
    packResult: (value) => ({ fields: value }),
    unpackResult: (value) => value as AnswerOf<Method>,
    ...o,
  });
}

/** Drops fields that a parser left undefined, which an exact type does not allow. */
export function withoutUndefined<T extends object>(value: T): Defined<T> {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}

/** Fields that may be undefined are absent then. */
type Defined<T> =
  & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] }
  & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

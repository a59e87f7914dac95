/** Commands of the conversation itself. */
import { z } from "zod";
import type { ConversationCommand } from "./command.ts";
import { arithmetic } from "./declared_arithmetic.ts";
import { capability, integer, policies } from "./values.ts";

/** Version of the protocol; a change that an old adapter cannot follow raises it. */
export const PROTOCOL_VERSION = 1;

const metadata = z.record(z.string().min(1).max(32), z.string().max(200))
  .describe("What reports show beside the name, such as the card and versions");

function conversation<Request extends z.ZodRawShape, Result extends z.ZodType>(
  o: Omit<ConversationCommand<Request, Result>, "part">,
): ConversationCommand<Request, Result> {
  return { part: "conversation", ...o };
}

/** What the two ends say of themselves. */
export const CONVERSATION_COMMANDS = {
  hello: conversation({
    about: "Opens the conversation: version of the protocol, name and version of the adapter",
    request: {
      protocol: z.literal(PROTOCOL_VERSION),
      scratch: z.string().describe("Absolute path of the folder that tensors travel through"),
    },
    result: z.strictObject({
      protocol: integer,
      name: z.string().min(1).max(64),
      version: z.string().max(64).optional(),
    }),
  }),
  capabilities: conversation({
    about: "What the adapter claims to do, and what it declares of how it does it",
    request: {},
    result: z.strictObject({
      capabilities: z.array(capability),
      policies: policies.optional(),
      arithmetic: arithmetic.optional(),
      metadata: metadata.optional(),
    }),
  }),
  shutdown: conversation({
    about: "Ends the conversation; null",
    request: {},
    result: z.null(),
  }),
};

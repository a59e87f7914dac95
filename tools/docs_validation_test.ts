import assert from "node:assert/strict";
import { readPublished, SHIPPED_PROFILES, validate } from "../bench/mod.ts";
import { validationSections } from "./docs_validation.ts";

const text = await Deno.readTextFile("bench/validation/published/engines.yaml");
const geometries = await Deno.readTextFile("bench/validation/published/geometries.yaml");

Deno.test("validationSections() have every row, predicted or with its reason, and the pairs", () => {
  const items = text.split("\n- id: ").filter((item) =>
    /^(lmdeploy020-a100-llama2-7b-static-b1-|vllmblog|tt340|llamacpp)/.test(item)
  );
  const data = readPublished(
    new Map([
      ["geometries.yaml", geometries],
      ["few.yaml", items.map((item) => `- id: ${item}`).join("\n")],
    ]),
  );
  const sections = validationSections(data, validate(data, SHIPPED_PROFILES()));
  const document = Object.values(sections).flat().join("\n");
  assert.equal(data.rows.length, items.length);
  for (const { id } of data.rows) assert.ok(document.includes(id), id);
  assert.match(
    document,
    /`tt340-a100-qwen3-1.7b-128x128`: the sizes of Qwen\/Qwen3-1.7B are not known/,
  );
  assert.match(
    document,
    /\| fp8_kv:llama-3.1-8b \| vllmblog-fp8kv-h100-llama-3.1-8b-fp8 \| \+14\.9 % \| \+/,
  );
  assert.match(document, /\| llama-2-7b, fp16, A100, lmdeploy \| \d\.\d\d \|/);
});

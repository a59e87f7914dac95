/** Gzip and base64 of the page; the bundler defines it, and a checkout has none. */
declare const HEADWISE_PAGE: string | undefined;

const BUILT = new URL("../../dist/ui/index.html", import.meta.url);

/**
 * Reads the browser page: the one inside the bundle, or the one built last in this checkout.
 *
 * @throws {Deno.errors.NotFound} When it was not built; the message says how to.
 */
export async function readPage(built: URL = BUILT): Promise<string> {
  if (typeof HEADWISE_PAGE === "string") return await unpackPage(HEADWISE_PAGE);
  try {
    return await Deno.readTextFile(built);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Deno.errors.NotFound(
      "Cannot find the page 'dist/ui/index.html'; build it with `deno task build`",
    );
  }
}

/** Reverses what the bundler did to the page. */
export async function unpackPage(packed: string): Promise<string> {
  const bytes = Uint8Array.fromBase64(packed);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return await new Response(stream).text();
}

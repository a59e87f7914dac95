import assert from "node:assert/strict";
import { listenFault } from "./listen_fault.ts";

function faultOf(listen: () => unknown): unknown {
  try {
    listen();
  } catch (error) {
    return error;
  }
  return assert.fail("It listens");
}

Deno.test("listenFault() says what is in the way of a port and of an address, as the system tells", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const inUse = faultOf(() => Deno.listen({ hostname: "127.0.0.1", port }));
  assert.deepEqual(
    String(listenFault(inUse, { hostname: "127.0.0.1", port })),
    `BenchError: Cannot listen on '127.0.0.1:${port}': another program listens there; stop it, ` +
      "or name another port with --port, 0 for a free one",
  );
  const denied = new Deno.errors.PermissionDenied("Permission denied (os error 13)");
  assert.match(String(listenFault(denied, { hostname: "::1", port: 80 })), /'\[::1\]:80'.*1023/);
  const elsewhere = new Deno.errors.AddrNotAvailable("Cannot assign requested address");
  assert.match(String(listenFault(elsewhere, { hostname: "8.8.8.8", port: 1 })), /--host$/);
});

Deno.test("listenFault() leaves every other fault as it is", () => {
  const fault = new TypeError("Broken");
  assert.equal(listenFault(fault, { hostname: "127.0.0.1", port: 1 }), fault);
});

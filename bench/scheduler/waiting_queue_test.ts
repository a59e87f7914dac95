import assert from "node:assert/strict";
import fc from "fast-check";
import { createLiveRequest, type LiveRequest } from "./live_request.ts";
import { createWaitingQueue } from "./waiting_queue.ts";

Deno.test("a waiting queue does what a list does when ends, removals and growth are mixed", () => {
  const command = fc.constantFrom("back", "back", "front", "pop", "remove");
  fc.assert(fc.property(fc.array(fc.tuple(command, fc.nat()), { maxLength: 300 }), (commands) => {
    const queue = createWaitingQueue();
    const list: LiveRequest[] = [];
    commands.forEach(([command, pick], index) => {
      const request = createLiveRequest(index, {
        id: index,
        arrivalMs: 0,
        inputTokens: 1,
        outputTokens: 1,
      });
      if (command === "back") {
        queue.pushBack(request);
        list.push(request);
      } else if (command === "front") {
        queue.pushFront(request);
        list.unshift(request);
      } else if (command === "pop") assert.equal(queue.popFront(), list.shift() ?? null);
      else {
        const chosen = list[pick % Math.max(1, list.length)] ?? request;
        assert.equal(queue.remove(chosen), list.includes(chosen));
        if (list.includes(chosen)) list.splice(list.indexOf(chosen), 1);
      }
      assert.equal(queue.length(), list.length);
      assert.equal(queue.front(), list[0] ?? null);
    });
    assert.deepEqual(queue.list(), list);
  }));
});

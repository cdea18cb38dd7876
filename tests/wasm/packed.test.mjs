// How modules lie in JavaScript: what is packed comes out again, in characters that no tool need touch.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { packed, unpacked } from "../../crates/wasm/js/src/packed.ts";

const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);

test("bytes come out as they went in", () => {
  for (const bytes of [new Uint8Array(), every, every.toReversed(), new Uint8Array(1000), randomBytes(5000)]) {
    assert.deepEqual(unpacked(packed(bytes)), Uint8Array.from(bytes));
  }
});

test("no character needs an escape in a string or ends a script", () => {
  assert.match(packed(every), /^[ -~]+$/);
  assert.doesNotMatch(packed(every), /["'`\\$<]/);
});

test("a module gzips nearly as well as its bytes", () => {
  const module = readFileSync(new URL("../../crates/wasm/js/dist/check.wasm", import.meta.url));
  const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length;
  assert.ok(gzipped(packed(module)) < gzipped(module) * 1.03);
});

// Makes docs/demo.png, the picture of the README: `CHROME=… node tests/browser/screenshot.mjs [file]`, after `cargo xtask build`.

import { join } from "node:path";

import { ROOT, start } from "../harness/index.mjs";
import { launch, open } from "./browser.mjs";

const path = process.argv[2] ?? join(ROOT, "docs/demo.png");
const server = await start({ www: join(ROOT, "www"), port: 8787 });
const browser = await launch({ viewport: { width: 1280, height: 1010 }, reducedMotion: "reduce" });
try {
  const { page } = await open(browser.context);
  await page.goto(`${server.url}/#token=${server.token}`);
  const verdict = page.getByRole("status", { name: "Verdict" });
  await verdict.filter({ hasText: "LA_OK" }).waitFor();
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await verdict.filter({ hasText: "LA_FAIL" }).waitFor();
  await page.mouse.move(0, 0);
  await page.screenshot({ path, animations: "disabled" });
} finally {
  await browser.close();
  await server.stop();
}

// The demo for everybody: by keyboard, on a narrow screen, in both themes, without a jump of the layout.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { ROOT, start } from "../harness/index.mjs";
import { launch, open } from "./browser.mjs";

let server;
before(async () => {
  server = await start({ www: `${ROOT}www` });
});
after(() => server?.stop());

async function withDemo(options, action) {
  const browser = await launch(options);
  try {
    const { page } = await open(browser.context);
    await page.goto(`${server.url}/#token=${server.token}`);
    const verdict = (text) =>
      page.getByRole("status", { name: "Verdict" }).filter({ hasText: text }).waitFor({ timeout: 30_000 });
    await verdict("LA_OK");
    await action(page, verdict);
  } finally {
    await browser.close();
  }
}

/** Returns every text whose contrast with its ground is under 4.5:1. All grounds of the page are opaque colours. */
function faintTexts() {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (channels(colour)[3] !== 0) {
        return colour;
      }
    }
    return "rgb(255, 255, 255)";
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { parentElement: element, data } = texts.currentNode;
    if (data.trim() === "" || !element.checkVisibility()) {
      continue;
    }
    const [light, dark] = [getComputedStyle(element).color, groundOf(element)].map(luminance).sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) {
      faint.push(`${contrast.toFixed(2)}: ${data.trim().slice(0, 60)}`);
    }
  }
  return faint;
}

describe("the demo for everybody", { concurrency: 3 }, () => {
  test("every text has a contrast of 4.5:1 or better, in both themes", async () => {
    await withDemo({}, async (page, verdict) => {
      const press = (name) => page.getByRole("button", { name, exact: true }).click();
      const look = async () => {
        for (const colorScheme of ["light", "dark"]) {
          await page.emulateMedia({ colorScheme });
          assert.deepEqual(await page.evaluate(faintTexts), [], colorScheme);
        }
      };
      await look();
      await press("Suspend");
      await verdict("LA_SUSPENDED");
      await look();
      await press("Revoke");
      await verdict("LA_FAIL");
      for (const line of await page.locator("#log > li > details > summary").all()) {
        await line.click();
      }
      await look();
      await press("Sign out");
      await page.getByLabel("Access token").waitFor();
      await look();
    });
  });

  for (const width of [360, 800, 1280]) {
    test(`nothing jumps or overflows at ${width} pixels while the app is refused`, async () => {
      await withDemo({ viewport: { width, height: 800 } }, async (page, verdict) => {
        const places = () =>
          page.evaluate(() =>
            [...document.querySelectorAll("h2, .buttons, dt")].map((element) => {
              const { left, top } = element.getBoundingClientRect();
              return [element.textContent.trim(), Math.round(left + scrollX), Math.round(top + scrollY)];
            }),
          );
        const before = await places();
        await page.getByRole("button", { name: "Revoke", exact: true }).click();
        await verdict("LA_FAIL");
        assert.deepEqual(await places(), before);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
      });
    });
  }

  test("the story can be told by keyboard, and the focus stays where it was", async () => {
    await withDemo({}, async (page, verdict) => {
      const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
      const tabTo = async (name) => {
        for (let presses = 0; presses < 30 && (await focused()) !== name; presses += 1) {
          await page.keyboard.press("Tab");
        }
        assert.equal(await focused(), name);
      };
      await tabTo("Revoke");
      await page.keyboard.press("Enter");
      await verdict("LA_FAIL");
      assert.equal(await focused(), "Revoke");
      await tabTo("Approve");
      await page.keyboard.press("Space");
      await page.getByRole("status", { name: "State of the license" }).filter({ hasText: "Active" }).waitFor();
      await tabTo("Activate");
      await page.keyboard.press("Enter");
      await verdict("LA_OK");
    });
  });

  test("every control has a name, and every status is a live region", async () => {
    await withDemo({}, async (page) => {
      const controls = await page.getByRole("button").all();
      for (const control of controls) {
        assert.notEqual((await control.innerText()).trim(), "");
      }
      assert.ok(controls.length >= 11);
      assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
      assert.equal(await page.getByRole("main").count(), 1);
      assert.equal(await page.getByRole("status").count(), 3);
      for (const name of ["Vendor", "Customer’s app", "Requests and answers"]) {
        await page.getByRole("region", { name }).waitFor();
      }
    });
  });
});

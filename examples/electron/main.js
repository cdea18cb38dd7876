// The main process: opens the license's client and a window.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { app, BrowserWindow, ipcMain } from "electron";
import { LicentiaClient } from "licentia";

import { serveLicense } from "./license.js";

const here = (name) => join(import.meta.dirname, name);

await app.whenReady();
const client = await LicentiaClient.open({
  product: await readFile(here("product.dat"), "utf8"),
  directory: join(app.getPath("userData"), "license"),
  appVersion: app.getVersion(),
});
serveLicense(ipcMain, client, () => BrowserWindow.getAllWindows());

const window = new BrowserWindow({ width: 560, height: 420, webPreferences: { preload: here("preload.cjs") } });
await window.loadFile(here("index.html"));
app.on("window-all-closed", () => {
  client.close();
  app.quit();
});

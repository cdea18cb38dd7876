// The license, in the main process: it owns the client, and answers the windows that ask.

/** What windows may ask. Names and arguments come from a page: nothing else gets through. */
export function serveLicense(ipcMain, client, windows) {
  ipcMain.handle("license:state", () => state(client));
  ipcMain.handle("license:activate", (_event, key) => asked(client, () => client.activate(String(key).trim())));
  ipcMain.handle("license:sync", () => asked(client, () => client.sync()));
  ipcMain.handle("license:deactivate", () => asked(client, () => client.deactivate()));
  return client.on("status", () => {
    for (const window of windows()) window.webContents.send("license:changed", state(client));
  });
}

/** What a window is told: plain values, and never the token. */
function state(client) {
  const { code, name, message } = client.isGenuine();
  return { code, name, message, explanation: client.explain(), plan: client.licenseMetadata("plan") };
}

/** A refusal is an answer too: errors lose their code on the way to a window. */
async function asked(client, action) {
  try {
    await action();
    return { refusal: null, ...state(client) };
  } catch (error) {
    if (error.name !== "LicenseError") throw error;
    return { refusal: error.message, ...state(client) };
  }
}

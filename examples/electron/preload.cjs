// The bridge: what a page may ask of the main process, and no more.
const { contextBridge, ipcRenderer } = require("electron");

contextBridge.exposeInMainWorld("license", {
  state: () => ipcRenderer.invoke("license:state"),
  activate: (key) => ipcRenderer.invoke("license:activate", key),
  sync: () => ipcRenderer.invoke("license:sync"),
  deactivate: () => ipcRenderer.invoke("license:deactivate"),
  onChanged: (listener) => void ipcRenderer.on("license:changed", (_event, state) => listener(state)),
});

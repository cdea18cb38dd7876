/** Bytes where the module is inlined, a compiled module in Workers. */
declare module "*.wasm" {
  const wasm: WebAssembly.Module;
  export default wasm;
}

/** Text where the module lies in JavaScript, a compiled module in Workers. */
declare module "*.wasm" {
  const wasm: string | WebAssembly.Module;
  export default wasm;
}

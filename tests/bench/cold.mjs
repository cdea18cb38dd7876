// One cold check in a fresh process, then many of the same token: prints the milliseconds of each as JSON.
import { readFileSync } from "node:fs";

const [module, sample, repeats] = process.argv.slice(2);
const { response, options } = JSON.parse(readFileSync(sample, "utf8"));

const start = performance.now();
const { checkActivationResponse } = await import(module);
const verdict = checkActivationResponse(response, options);
const cold = performance.now() - start;
if (verdict.code !== 0) throw new Error(`the check said ${verdict.name}`);

const again = performance.now();
for (let number = 0; number < Number(repeats); number += 1) checkActivationResponse(response, options);
const repeated = Number(repeats) > 0 ? (performance.now() - again) / Number(repeats) : null;
console.log(JSON.stringify({ cold, repeated }));

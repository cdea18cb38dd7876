// For a vendor's own test suites: throw-away keys, answers that a server would give, a stand-in for `fetch`, a clock to set.
//
// What a license answers is decided by core, as in a server, so that no test rests on an answer that was made up. Nothing of
// this is in the other entries.

export { testClock, type TestClock } from "./testing-clock.js";
export { testProduct, type TestProduct, type TestProductOptions } from "./testing-product.js";
export { activationResponse, type LicenseState, type TestLicense, type TestResponse } from "./testing-answer.js";
export { testServer, type ScriptedAnswer, type TestRequest, type TestServer, type TestServerOptions } from "./testing-server.js";

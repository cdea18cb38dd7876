// What is run in every runtime and out of every bundle: the vectors, and a client from activation to revocation.
import { LicentiaClient, memoryStorage } from "licentia";
import { checkActivationResponse } from "licentia/check";
import { LexActivator, LexStatusCodes, PermissionFlags } from "licentia/lexactivator";
import { testProduct, testServer } from "licentia/testing";

const fingerprint = "c0ffee".repeat(12);

/** Resolves to how many vectors went wrong, the verdicts of a client, and one of the wrapper. */
export async function story({ keys, vectors }) {
  const wrong = vectors.filter(({ response, options, expect }) => {
    const verdict = checkActivationResponse(response, { ...options, publicKey: keys[options.publicKey] });
    return verdict.code !== expect.code || verdict.activation !== expect.activation;
  });
  const product = await testProduct();
  const server = testServer({ product });
  const options = { product: product.productId, host: server.host, fetch: server.fetch, storage: memoryStorage(), fingerprint };
  const client = await LicentiaClient.open(options);
  const codes = [(await client.activate(server.licenseKey)).code, client.isValid().code];
  server.answers("revoked");
  codes.push(await client.sync().catch(({ status }) => status), client.isValid().code);
  client.close();
  LexActivator.SetProductData(JSON.stringify(product.file(server.host)));
  LexActivator.SetProductId(product.productId, PermissionFlags.LA_IN_MEMORY);
  LexActivator.SetLicenseKey(server.licenseKey);
  return [vectors.length > 300, wrong.length, ...codes, LexActivator.IsLicenseValid() === LexStatusCodes.LA_FAIL];
}

// What a Node program does with the client `netsuite-rest`, unmodified: run by `test_node.py` in its own environment.
const assert = require("node:assert");
const NetsuiteRest = require(`${process.env.MODULES}/netsuite-rest`);

const secrets = {
  consumer_key: "consumer-key",
  consumer_secret_key: "consumer-secret",
  token: "token-id",
  token_secret: "token-secret",
  realm: "TSTDRV123_SB1",
  base_url: process.env.ERP,
};
const api = new NetsuiteRest(secrets);

async function refusal(call) {
  try {
    await call;
  } catch (error) {
    const body = JSON.parse(error.response.body);
    return [error.response.statusCode, body["o:errorDetails"][0]["o:errorCode"]];
  }
  throw new Error("the call was not refused");
}

const put = (path, body) => api.request({ path: `record/v1/${path}`, method: "PUT", body: JSON.stringify(body) });
const post = (path, body) => api.request({ path: `record/v1/${path}`, method: "POST", body: JSON.stringify(body) });
const get = async (path) => (await api.request({ path: `record/v1/${path}` })).data;

const checks = {
  async a_quote_to_cash() {
    await put("customer/eid:N-1", { companyName: "Node", subsidiary: { id: "US" } });
    const items = [{ item: { externalId: "SEAT" }, quantity: 3, rate: 20 }];
    await put("salesOrder/eid:SO-N1", { entity: { externalId: "N-1" }, item: { items } });
    await post("salesOrder/eid:SO-N1/!transform/itemFulfillment", {});
    await post("salesOrder/eid:SO-N1/!transform/invoice", { externalId: "INV-N1" });
    assert.strictEqual((await get("invoice/eid:INV-N1")).amountRemaining, 60);
    await post("invoice/eid:INV-N1/!transform/customerPayment", {});
    assert.strictEqual((await get("invoice/eid:INV-N1")).status.id, "paidInFull");
  },
  async a_query() {
    const q = "SELECT externalid FROM invoice WHERE externalid = 'INV-N1'";
    const path = "query/v1/suiteql?limit=1&offset=0";
    const found = await api.request({ path, method: "POST", body: JSON.stringify({ q }) });
    assert.deepStrictEqual(found.data.items, [{ links: [], externalid: "INV-N1" }]);
  },
  async errors() {
    assert.deepStrictEqual(await refusal(get("invoice/eid:none")), [404, "NONEXISTENT_ID"]);
    assert.deepStrictEqual(await refusal(post("customer", { companyName: "?" })), [400, "USER_ERROR"]);
    const impostor = new NetsuiteRest({ ...secrets, token_secret: "wrong" });
    const found = await refusal(impostor.request({ path: "record/v1/customer" }));
    assert.deepStrictEqual(found, [401, "INVALID_LOGIN"]);
  },
};

(async () => {
  for (const [check, run] of Object.entries(checks)) {
    let error = null;
    await run().catch((failure) => (error = failure.stack));
    console.log(JSON.stringify({ check, error }));
  }
})();

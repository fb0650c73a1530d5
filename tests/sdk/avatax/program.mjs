// A team's program on top of npm's `avatax`: the tax side of a quote-to-cash, read into the client's own strict types.
// It writes one line of JSON for each check.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.MODULES}/`);
const Avatax = require("avatax");
const Client = Avatax.default ?? Avatax;

const address = { line1: "9 Invented Way", city: "Irvine", region: "CA", postalCode: "92614", country: "US" };

function connect(username = process.env.SANDBOX_USERNAME, password = process.env.SANDBOX_PASSWORD, strict = true) {
  const options = { appName: "q2c", appVersion: "1", machineName: "here", environment: process.env.TAX };
  return new Client({ ...options, enableStrictTypeConversion: strict }).withSecurity({ username, password });
}

const client = connect();
const plain = connect(undefined, undefined, false);

function company(companyCode) {
  return client.companyInitialize({
    model: {
      ...address, companyCode, name: "Invented Pottery", firstName: "A", lastName: "B", title: "C",
      email: "a@example.org", phoneNumber: "1", mobileNumber: "2", taxpayerIdNumber: "12-3456789",
    },
  });
}

function invoice(companyCode, code, more = {}) {
  return {
    companyCode, code, date: new Date("2026-12-30"), customerCode: "A-1", currencyCode: "USD", commit: false,
    addresses: { shipFrom: address, shipTo: address },
    lines: [
      { number: "1", quantity: 10, amount: 1000, itemCode: "PLAN", taxCode: "P0000000" },
      { number: "2", quantity: 1, amount: 250.5, itemCode: "HELP", taxCode: "NT" },
    ],
    ...more,
    type: more.type ?? "SalesInvoice",
  };
}

async function refused(promise, code, number) {
  const error = await promise.then(() => null, (reason) => reason);
  assert.ok(error, "a refusal was expected");
  assert.equal(error.code, code);
  assert.equal(error.details[0].number, number);
}

const checks = {
  async health() {
    assert.equal((await client.ping()).authenticated, true);
    assert.equal((await connect("1", "2").ping()).authenticated, false);
    const companies = await client.queryCompanies({ filter: "companyCode eq 'DEFAULT'" });
    assert.equal(companies["@recordsetCount"], 1);
    assert.ok((await client.listMySubscriptions()).value.length);
    assert.ok((await client.listTaxCodes({ filter: "taxCode eq 'SAAS'" })).value.length);
    assert.ok((await client.taxRatesByPostalCode({ country: "US", postalCode: "92614" })).totalRate > 0);
    await refused(connect("1", "2").queryCompanies({}), "AuthenticationException", 30);
  },

  async addresses() {
    const found = await client.resolveAddressPost({ model: address });
    assert.equal(found.validatedAddresses[0].city, "IRVINE");
    await refused(client.resolveAddressPost({ model: { ...address, region: "ZZ" } }), "InvalidAddress", 309);
  },

  async quoteToCash() {
    const companyCode = "QTC";
    await company(companyCode);
    const quote = await client.createTransaction({ model: invoice(companyCode, "Q-1", { type: "SalesOrder" }) });
    assert.equal(quote.id, 0);
    const saved = await client.createTransaction({ model: invoice(companyCode, "INV-1") });
    assert.ok(saved.totalTax > 0 && saved.totalTax === quote.totalTax);
    assert.equal(saved.lines.length, 2);
    const one = { companyCode, transactionCode: "INV-1" };
    const more = { ...one, documentType: "SalesInvoice", lines: [{ amount: 100, quantity: 1 }], renumber: true };
    assert.equal((await client.addLines({ include: "Lines", model: more })).lines.length, 3);
    await client.deleteLines({ model: { ...one, documentType: "SalesInvoice", lines: ["3"] } });
    await client.verifyTransaction({ ...one, model: { verifyTotalTax: saved.totalTax } });
    await client.commitTransaction({ ...one, model: { commit: true } });
    await refused(client.createTransaction({ model: invoice(companyCode, "INV-1") }), "GetTaxError", 300);
    const changed = invoice(companyCode, "INV-1", { lines: [{ number: "1", amount: 900 }] });
    const model = { adjustmentReason: "PriceAdjusted", newTransaction: changed };
    assert.equal((await client.adjustTransaction({ ...one, model })).version, 2);
    const back = { refundTransactionCode: "CN-1", refundDate: new Date("2027-01-05"), refundType: "Full" };
    assert.equal((await client.refundTransaction({ ...one, model: back })).totalAmount, -900);
    await client.lockTransaction({ ...one, model: { isLocked: true } });
    const voiding = client.voidTransaction({ ...one, model: { code: "DocVoided" } });
    await refused(voiding, "CannotModifyLockedTransaction", 1100);
    await client.lockTransaction({ ...one, model: { isLocked: false } });
    await client.voidTransaction({ ...one, model: { code: "DocVoided" } });
    assert.equal((await plain.getTransactionByCode(one)).status, "Cancelled");
    await refused(client.getTransactionByCode({ companyCode, transactionCode: "nothing" }), "EntityNotFoundError", 4);
  },

  async repeats() {
    await company("REP");
    const model = { createTransactionModel: invoice("REP", "INV-1", { commit: true }) };
    const first = await client.createOrAdjustTransaction({ model });
    assert.equal((await client.createOrAdjustTransaction({ model })).version, first.version);
  },

  async pages() {
    await company("PAGES");
    for (const number of [1, 2, 3]) {
      await client.createTransaction({ model: invoice("PAGES", `INV-${number}`) });
    }
    const asked = { companyCode: "PAGES", filter: "status eq 'Saved'", top: 2, orderBy: "code ASC" };
    const page = await client.listTransactionsByCompany(asked);
    assert.deepEqual(page.value.map((row) => row.code), ["INV-1", "INV-2"]);
    const reply = await fetch(page.nextLink, { headers: { Authorization: client.auth } });
    assert.deepEqual((await reply.json()).value.map((row) => row.code), ["INV-3"]);
  },

  async certificates() {
    const { id: companyId } = await company("CERT");
    await client.createCustomers({ companyId, model: [{ ...address, customerCode: "A-1", name: "A" }] });
    const certificate = {
      signedDate: new Date("2026-01-01"), exposureZone: { name: "California" }, exemptionReason: { name: "RESALE" },
      customers: [{ customerCode: "A-1" }],
    };
    // The client's strict types have no lists at the top.
    const [made] = await plain.createCertificates({ companyId, model: [certificate] });
    assert.equal((await client.createTransaction({ model: invoice("CERT", "INV-1") })).totalTax, 0);
    const query = { companyId, customerCode: "A-1" };
    assert.equal((await client.listCertificatesForCustomer(query)).value[0].id, made.id);
  },
};

for (const [check, run] of Object.entries(checks)) {
  let error = null;
  try {
    await run();
  } catch (reason) {
    error = String(reason?.stack ?? reason);
  }
  console.log(JSON.stringify({ check, error }));
}

// What a team's program does with the official Node client: quote-to-cash, errors, paging, repetition, webhooks.
// usage: node program.mjs MODULES PORT [HOOK]   prints what it saw as one line of JSON
import { createRequire } from "node:module";
import { createServer } from "node:http";

const [modules, port] = process.argv.slice(2);
const Stripe = createRequire(`${modules}/`)("stripe");
const stripe = new Stripe("sk_test_q2c", { host: "127.0.0.1", port: Number(port), protocol: "http" });
const saw = {};

async function refused(call) {
  try {
    await call();
  } catch (error) {
    return [error.type, error.statusCode, error.code ?? null, error.decline_code ?? null];
  }
  throw new Error("nothing was refused");
}

async function until(test) {
  for (let turn = 0; turn < 200; turn++) {
    if (await test()) return true;
    await new Promise((done) => setTimeout(done, 50));
  }
  return false;
}

const got = [];
const hook = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    got.push([request.headers["stripe-signature"], Buffer.concat(parts)]);
    response.end("ok");
  });
});
await new Promise((ready) => hook.listen(0, "127.0.0.1", ready));
const endpoint = await stripe.webhookEndpoints.create({
  url: `http://127.0.0.1:${hook.address().port}/hook`,
  enabled_events: ["invoice.paid", "customer.created"],
});

const product = await stripe.products.create({ name: "Seat" });
const price = await stripe.prices.create({
  product: product.id, currency: "usd", unit_amount: 2500, recurring: { interval: "month" },
});
const customer = await stripe.customers.create({ name: "Acme", payment_method: "pm_card_visa", metadata: { account: "A-1" } });
const draft = await stripe.invoices.create({ customer: customer.id, auto_advance: false });
await stripe.invoiceItems.create({ customer: customer.id, invoice: draft.id, amount: 7000, currency: "usd" });
const open = await stripe.invoices.finalizeInvoice(draft.id);
const paid = await stripe.invoices.pay(open.id, {}, { idempotencyKey: "pay-1" });
const again = await stripe.invoices.pay(open.id, {}, { idempotencyKey: "pay-1" });
saw.invoice = [draft.status, open.status, paid.status, paid.amount_paid, again.id === paid.id];
saw.replayed = again.lastResponse.headers["idempotent-replayed"] ?? null;
const subscription = await stripe.subscriptions.create({
  customer: customer.id, items: [{ price: price.id, quantity: 2 }], expand: ["latest_invoice"],
});
saw.subscription = [subscription.status, subscription.latest_invoice.total];
const intent = await stripe.paymentIntents.create({
  amount: 1200, currency: "usd", payment_method: "pm_card_visa", confirm: true, return_url: "https://example.com",
});
const refund = await stripe.refunds.create({ payment_intent: intent.id });
saw.refund = [intent.status, refund.status, (await stripe.charges.retrieve(refund.charge)).refunded];
saw.decline = await refused(() =>
  stripe.paymentIntents.create({ amount: 1200, currency: "usd", payment_method: "pm_card_chargeDeclined", confirm: true }),
);
saw.missing = await refused(() => stripe.invoices.retrieve("in_none"));
saw.unknown = await refused(() => stripe.customers.create({ nmae: "x" }));
saw.reused = await refused(() => stripe.customers.create({ name: "x" }, { idempotencyKey: "pay-1" }));
for (let number = 0; number < 13; number++) await stripe.customers.create({ email: "page@acme.example" });
let count = 0;
for await (const each of stripe.customers.list({ email: "page@acme.example", limit: 4 })) count += each ? 1 : 0;
saw.paged = count;
saw.told = await until(() => got.length >= 15);
const verified = got.map(([signature, body]) => stripe.webhooks.constructEvent(body, signature, endpoint.secret));
saw.events = [...new Set(verified.map((event) => event.type))].sort();
saw.forged = await refused(async () => stripe.webhooks.constructEvent(got[0][1], got[0][0], "whsec_other"));
const clock = await stripe.testHelpers.testClocks.create({ frozen_time: Math.floor(Date.now() / 1000) });
await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: clock.frozen_time + 40 * 86400 });
saw.clock = await until(async () => (await stripe.testHelpers.testClocks.retrieve(clock.id)).status === "ready");
saw.renewed = (await stripe.invoices.list({ subscription: subscription.id })).data.length;
hook.close();
hook.closeAllConnections();
console.log(JSON.stringify(saw));

// Quote to cash, point to point: an accepted quote comes in, and everything happens at once, one call after the other.
//
// Written the way it is written when the quarter ends in three weeks. It is short, it is readable, it works on the
// first day, and every demo of it has gone well. NAIVE marks the choices that cost money later.

import { createServer } from 'node:http'
import jsforce from 'jsforce'
import Stripe from 'stripe'

const PORT = Number(process.env.PORT ?? 9310)
const { Q2C_CRM_URL, Q2C_ERP_URL, Q2C_BILLING_URL, Q2C_TAX_URL, Q2C_PAYMENT_URL, Q2C_FULFILMENT_URL } = process.env
const TIMEOUT_MS = 3000
const WEBHOOK_SECRET = process.env.STRIPE_WEBHOOK_SECRET ?? 'whsec_q2c_integration'

const payments = new URL(Q2C_PAYMENT_URL)
const stripe = new Stripe(process.env.STRIPE_KEY ?? 'sk_test_q2c', {
  protocol: 'http', host: payments.hostname, port: Number(payments.port),
  timeout: TIMEOUT_MS,
  maxNetworkRetries: 0, // NAIVE: the client would retry under an idempotency key; our own retry() below "does that already"
})

let salesforce
async function crm() {
  if (!salesforce) {
    const connection = new jsforce.Connection({
      version: '62.0',
      oauth2: { loginUrl: Q2C_CRM_URL, clientId: 'naive', clientSecret: 'naive', redirectUri: `${Q2C_CRM_URL}/callback` },
    })
    await connection.login('integration@q2c.test', 'secret')
    salesforce = connection
  }
  return salesforce
}

// NAIVE: what timed out is taken for failed, and asked for again at once. The other side may well have done it.
async function retry(what, work, times = 3) {
  for (let turn = 1; ; turn++) {
    try {
      return await work()
    } catch (error) {
      const refused = error.status >= 400 && error.status < 500 && error.status !== 429
      if (refused || turn === times) throw error
      console.log(`${what}: ${error.message}; trying again`)
    }
  }
}

async function call(base, method, path, { json, form, headers = {} } = {}) {
  const body = json ? JSON.stringify(json) : form ? new URLSearchParams(form) : undefined
  const type = json ? { 'content-type': 'application/json' } : {}
  return retry(`${method} ${path}`, async () => {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const reply = await fetch(base + path, { method, body, headers: { ...type, ...headers }, signal })
    const text = await reply.text()
    if (!reply.ok) throw Object.assign(new Error(`${reply.status} ${text.slice(0, 200)}`), { status: reply.status })
    return { location: reply.headers.get('location'), body: text ? JSON.parse(text) : null }
  })
}

const basic = (user, password = '') => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const erp = (method, path, json) =>
  call(Q2C_ERP_URL, method, `/services/rest/record/v1${path}`, { json, headers: { authorization: 'Bearer naive-token' } })
const billing = (method, path, form) =>
  call(Q2C_BILLING_URL, method, `/api/v2${path}`, { form, headers: { authorization: basic('test_q2c_key') } })
const tax = (json) =>
  call(Q2C_TAX_URL, 'POST', '/api/v2/transactions/create?$include=SummaryOnly', {
    json, headers: { authorization: basic('2000000001', 'q2c-license') },
  })
const fulfilment = (path, json) =>
  call(Q2C_FULFILMENT_URL, 'PUT', path, { json, headers: { authorization: 'Bearer q2c-fulfilment' } })

const cents = (amount) => Math.round(amount * 100)
const dollars = (minor) => minor / 100

// --- from an accepted quote to cash, in one go ----------------------------------------------------------------------

async function readQuote(id) {
  const connection = await crm()
  const fields = `Id, QuoteNumber, Version__c, Entity__c, CurrencyIsoCode, TermMonths__c, Account.Id, Account.AccountNumber,
    Account.Name, Account.BillingStreet, Account.BillingCity, Account.BillingStateCode, Account.BillingPostalCode,
    Account.BillingCountryCode`.replace(/\s+/g, ' ')
  const lines = 'LineNumber, ProductCode__c, ProductKind__c, Quantity, ListPrice, UnitPrice, TotalPrice, Months__c, SBQQ__RequiredBy__c'
  const soql = `SELECT ${fields}, (SELECT ${lines} FROM QuoteLineItems ORDER BY LineNumber) FROM Quote WHERE Id = '${id}'`
  const found = await retry('read quote', () => connection.query(soql))
  const row = found.records[0]
  return { ...row, reference: `${row.QuoteNumber}-v${row.Version__c}`, lines: row.QuoteLineItems?.records ?? [] }
}

async function showInCrm(quote, fields) {
  const connection = await crm()
  await retry('mirror', () => connection.sobject('Quote').update({ Id: quote.Id, ...fields }))
}

async function ensureCustomers({ Account: account, Entity__c: entity, CurrencyIsoCode: currency }) {
  const number = account.AccountNumber
  await erp('GET', `/customer/eid:${number}`).catch(() =>
    erp('POST', '/customer', {
      externalId: number, companyName: account.Name, subsidiary: { id: entity }, currency: { refName: currency },
      terms: { id: 'NET30' },
    }),
  )
  await billing('GET', `/customers/${number}`).catch(() =>
    billing('POST', '/customers', {
      id: number, company: account.Name, preferred_currency_code: currency, net_term_days: 30, auto_collection: 'off',
      business_entity_id: entity, 'billing_address[line1]': account.BillingStreet ?? '',
      'billing_address[city]': account.BillingCity ?? '', 'billing_address[state_code]': account.BillingStateCode ?? '',
      'billing_address[zip]': account.BillingPostalCode ?? '', 'billing_address[country]': account.BillingCountryCode ?? '',
    }),
  )
}

async function bookOrder(quote) {
  // NAIVE: a POST without an external id. Each one that arrives is an order of its own.
  const made = await erp('POST', '/salesOrder', {
    entity: { externalId: quote.Account.AccountNumber }, subsidiary: { id: quote.Entity__c },
    currency: { refName: quote.CurrencyIsoCode }, otherRefNum: quote.QuoteNumber, memo: quote.reference,
    orderStatus: { id: 'B' },
    item: {
      items: quote.lines.map((line, at) => ({
        line: at + 1, item: { externalId: line.ProductCode__c }, quantity: line.Quantity, rate: line.UnitPrice,
        amount: line.TotalPrice, custcol_kind: line.ProductKind__c, custcol_months: line.Months__c ?? 0,
        custcol_list_rate: line.ListPrice,
      })),
    },
  })
  const order = made.location.split('/').pop()
  const { body } = await erp('GET', `/salesOrder/${order}`)
  await showInCrm(quote, { OrderStatus__c: 'booked', OrderNumber__c: body.tranId, Status: 'Converted' })
  return order
}

async function deliver(quote, order) {
  const lines = quote.lines.map((line) => ({ sku: line.ProductCode__c, quantity: line.Quantity }))
  await fulfilment(`/v1/tasks/${quote.reference}`, { order: quote.reference, account: quote.Account.AccountNumber, lines })
  await erp('POST', `/salesOrder/${order}/!transform/itemFulfillment`, {}) // NAIVE: asked for is as good as delivered
}

async function subscribe(quote) {
  const form = {
    auto_collection: 'off', po_number: quote.reference,
    meta_data: JSON.stringify({ quote: quote.QuoteNumber, entity: quote.Entity__c }),
  }
  const charged = quote.lines.filter((line) => !line.SBQQ__RequiredBy__c)
  const months = charged.find((line) => line.Months__c)?.Months__c
  if (months && quote.TermMonths__c) form.billing_cycles = Math.floor(quote.TermMonths__c / months)
  charged.forEach((line, at) => {
    const price = `${line.ProductCode__c}-${quote.CurrencyIsoCode}-${line.Months__c ?? 0}`
    form[`subscription_items[item_price_id][${at}]`] = price
    form[`subscription_items[quantity][${at}]`] = line.Quantity
    form[`subscription_items[unit_price][${at}]`] = cents(line.UnitPrice)
  })
  // NAIVE: no id of our own and no idempotency key: billing makes up an id for each request that it gets.
  const { body } = await billing('POST', `/customers/${quote.Account.AccountNumber}/subscription_for_items`, form)
  return body.invoice
}

async function addTax(quote, invoice) {
  const to = invoice.billing_address ?? {}
  const { body } = await tax({
    type: 'SalesInvoice', companyCode: 'DEFAULT', code: invoice.id, commit: true, purchaseOrderNo: quote.QuoteNumber,
    date: new Date(invoice.date * 1000).toISOString().slice(0, 10), customerCode: invoice.customer_id,
    currencyCode: invoice.currency_code,
    addresses: {
      shipFrom: { line1: '1 Market St', city: 'San Francisco', region: 'CA', postalCode: '94105', country: 'US' },
      shipTo: { line1: to.line1, city: to.city, region: to.state_code, postalCode: to.zip, country: to.country },
    },
    lines: invoice.line_items.map((line, at) => ({
      number: String(at + 1), quantity: Math.max(1, line.quantity), amount: dollars(line.amount),
      itemCode: line.entity_id.split('-').slice(0, -2).join('-'),
      taxCode: line.entity_id.endsWith('-0') ? 'SP140000' : 'SW052000',
    })),
  })
  const taxes = (body.summary ?? []).filter((row) => row.tax > 0)
  for (const row of taxes) {
    // NAIVE: a charge that is added twice is charged twice.
    await billing('POST', `/invoices/${invoice.id}/add_charge`, { amount: cents(row.tax), description: `Tax ${row.jurisCode}` })
  }
  const closed = await billing('POST', `/invoices/${invoice.id}/close`)
  return { invoice: closed.body.invoice, taxes }
}

async function postInvoice(quote, invoice, taxes) {
  const day = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10)
  const items = invoice.line_items.filter((line) => line.entity_type !== 'adhoc')
  await erp('POST', '/invoice', { // NAIVE: again no external id; the number of the other system is only a remark
    entity: { externalId: invoice.customer_id }, subsidiary: { id: quote.Entity__c },
    currency: { refName: invoice.currency_code }, otherRefNum: invoice.id, memo: quote.reference,
    ...(invoice.due_date ? { dueDate: day(invoice.due_date) } : {}),
    item: {
      items: items.map((line, at) => ({
        line: at + 1, item: { externalId: line.entity_id.split('-').slice(0, -2).join('-') }, quantity: line.quantity,
        rate: dollars(line.unit_amount), amount: dollars(line.amount),
        custcol_kind: line.entity_id.endsWith('-0') ? 'one_time' : 'recurring',
        custcol_period_start: day(line.date_from), custcol_period_end: day(line.date_to),
      })),
    },
    taxDetails: {
      items: taxes.map((row, at) => ({ line: at + 1, taxCode: row.jurisCode, taxBasis: row.taxable, taxAmount: row.tax })),
    },
  })
  await showInCrm(quote, { InvoiceStatus__c: 'posted', InvoiceBalance__c: dollars(invoice.amount_due) })
}

// NAIVE: what is needed when the money has come is kept in this process, and in no other place.
const waiting = new Map()

async function charge(quote, invoice) {
  const { data } = await retry('find payer', () =>
    stripe.customers.search({ query: `metadata['account']:'${quote.Account.AccountNumber}'` }),
  )
  waiting.set(invoice.id, { quote, invoice })
  // NAIVE: no idempotency key. A charge whose answer is lost is made again.
  await retry('charge', () =>
    stripe.paymentIntents.create({
      amount: invoice.amount_due, currency: invoice.currency_code.toLowerCase(), customer: data[0].id,
      payment_method: data[0].invoice_settings.default_payment_method, payment_method_types: ['card'],
      confirm: true, off_session: true, description: `Invoice ${invoice.id}`, metadata: { invoice: invoice.id },
    }),
  )
}

async function quoteToCash(quoteId) {
  const quote = await readQuote(quoteId)
  console.log(`${quote.reference} accepted`)
  await ensureCustomers(quote)
  const order = await bookOrder(quote)
  await deliver(quote, order)
  const drawn = await subscribe(quote)
  const { invoice, taxes } = await addTax(quote, drawn)
  await postInvoice(quote, invoice, taxes)
  await charge(quote, invoice)
}

// --- what the systems tell us ---------------------------------------------------------------------------------------

// NAIVE: a message that comes twice is done twice; nobody remembers which ones we have had.
async function applyCash(payment) {
  const known = waiting.get(payment.metadata.invoice)
  if (!known) return console.log(`payment ${payment.id}: no such invoice here`)
  const { quote, invoice } = known
  await billing('POST', `/invoices/${invoice.id}/record_payment`, {
    'transaction[amount]': payment.amount_received, 'transaction[payment_method]': 'other',
    'transaction[reference_number]': payment.id,
  }).catch((error) => console.log(`billing: ${error.message}`)) // "already paid" happens, nobody knows why
  const { body } = await erp('GET', `/invoice?q=${encodeURIComponent(`otherRefNum IS "${invoice.id}"`)}`).catch(() => ({}))
  const target = body?.items?.at(-1)?.id
  await erp('POST', '/customerPayment', {
    customer: { externalId: invoice.customer_id }, subsidiary: { id: quote.Entity__c },
    currency: { refName: invoice.currency_code }, payment: dollars(payment.amount_received), memo: payment.id,
    custbody_method: 'card',
    apply: { items: target ? [{ doc: { id: target }, amount: dollars(payment.amount_received) }] : [] },
  })
  await showInCrm(quote, { InvoiceStatus__c: 'paid', PaymentStatus__c: 'received', InvoiceBalance__c: 0 })
}

async function fromSalesforce(body) {
  for (const part of body.split('<Notification>').slice(1)) {
    const quoteId = part.match(/<sf:Id>([^<]+)</)[1]
    await quoteToCash(quoteId)
  }
}

async function fromStripe(body, signature) {
  const event = stripe.webhooks.constructEvent(body, signature, WEBHOOK_SECRET)
  if (event.type === 'payment_intent.succeeded') await applyCash(event.data.object)
}

const ACK =
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse ' +
  'xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>'

createServer(async (request, response) => {
  const parts = []
  for await (const part of request) parts.push(part)
  const body = Buffer.concat(parts).toString()
  try {
    if (request.url === '/health') return response.end('ok')
    // NAIVE: all of the work is done before we answer. Whoever loses patience, or meets a 500, sends it all again.
    if (request.url === '/webhooks/crm') {
      await fromSalesforce(body)
      return response.setHeader('content-type', 'text/xml').end(ACK)
    }
    if (request.url === '/webhooks/payment') await fromStripe(body, request.headers['stripe-signature'])
    return response.end('{}')
  } catch (error) {
    console.log(`${request.url}: ${error.message}`)
    response.statusCode = error.type === 'StripeSignatureVerificationError' ? 400 : 500
    return response.end('{}')
  }
}).listen(PORT, '127.0.0.1', () => console.log(`listening on ${PORT}`))

// An integration with jsforce, as a team would write it: each check is one thing it does with the CRM.
//
// It is pointed at the plain HTTP door by DOORS and prints one JSON object: the name of each check, and what went
// wrong in it (nothing, when it is well). NODE_MODULES is the folder in which jsforce is installed.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'

const require = createRequire(process.env.NODE_MODULES + '/')
const jsforce = require('jsforce')
const { StreamingExtension } = require('jsforce/api/streaming')
const url = JSON.parse(process.env.DOORS).crm
const USER = ['integration@q2c.test', 'secret']
const made = {}
let conn

const oauth2 = { loginUrl: url, clientId: 'app', clientSecret: 'shh', redirectUri: 'http://127.0.0.1/callback' }

async function refused(work, code) {
  try {
    await work()
  } catch (error) {
    assert.equal(error.errorCode ?? error.name, code, String(error))
    return error
  }
  throw new Error(`${code} was expected`)
}

// Collect what a channel tells; `until` waits for so many messages.
async function listen(connection, channel, replay) {
  const told = []
  const client = connection.streaming.createClient([
    new StreamingExtension.AuthFailure(() => {}),
    ...(replay === undefined ? [] : [new StreamingExtension.Replay(channel, replay)]),
  ])
  const subscription = client.subscribe(channel, (message) => told.push(message))
  await subscription
  const until = async (count) => {
    for (let turn = 0; turn < 200 && told.length < count; turn++) await sleep(25)
    return told
  }
  return { told, until, stop: () => client.disconnect() }
}

const checks = {
  async soap_login() {
    const soap = new jsforce.Connection({ loginUrl: url, version: '62.0' })
    const user = await soap.loginBySoap(...USER)
    assert.match(user.id, /^005/)
    assert.match(user.organizationId, /^00D/)
  },

  async wrong_password_is_refused() {
    const soap = new jsforce.Connection({ loginUrl: url, version: '62.0' })
    await assert.rejects(soap.loginBySoap(USER[0], 'wrong'), /INVALID_LOGIN/)
    const form = new jsforce.Connection({ loginUrl: url, oauth2, version: '62.0' })
    await assert.rejects(form.login(USER[0], 'wrong'), /authentication failure/)
  },

  async oauth_login() {
    conn = new jsforce.Connection({ loginUrl: url, oauth2, version: '62.0' })
    const user = await conn.login(...USER)
    assert.match(user.id, /^005/)
    assert.equal(conn.instanceUrl, url)
  },

  async authorization_code_is_good_once() {
    const other = new jsforce.Connection({ loginUrl: url, oauth2, version: '62.0' })
    await other.authorize('code-1')
    assert.ok(other.refreshToken)
    await assert.rejects(new jsforce.Connection({ oauth2, version: '62.0' }).authorize('code-1'), /expired/)
  },

  async identity_and_limits() {
    const identity = await conn.identity()
    assert.equal(identity.username, USER[0])
    const limits = await conn.limits()
    assert.ok(limits.DailyApiRequests.Remaining > 0)
    assert.ok(conn.limitInfo.apiUsage.used >= 1)
  },

  async versions() {
    const versions = await conn.request('/services/data')
    assert.equal(versions.at(-1).version, '68.0')
    const old = new jsforce.Connection({ instanceUrl: url, accessToken: conn.accessToken, version: '30.0' })
    await refused(() => old.query('SELECT Id FROM User'), 'UNSUPPORTED_API_VERSION')
  },

  async describe() {
    const all = await conn.describeGlobal()
    assert.ok(all.sobjects.some((each) => each.name === 'Quote'))
    const quote = await conn.sobject('Quote').describe()
    assert.ok(quote.fields.find((field) => field.name === 'Reference__c').externalId)
  },

  async create_account() {
    const result = await conn.sobject('Account').create({ Name: 'Node & Söhne', AccountNumber: 'N-1' })
    assert.deepEqual([result.success, result.errors], [true, []])
    made.account = result.id
    const shown = await conn.sobject('Account').retrieve(result.id)
    assert.equal(shown.Name, 'Node & Söhne')
  },

  async create_many_as_a_collection() {
    const records = Array.from({ length: 450 }, (_, n) => ({ LastName: `Person ${n}`, AccountId: made.account }))
    const results = await conn.sobject('Contact').create(records, { allowRecursive: true })
    assert.equal(results.filter((each) => each.success).length, 450)
    made.contacts = results.map((each) => each.id)
  },

  async update_and_delete_collections() {
    const changed = await conn.sobject('Contact').update(made.contacts.slice(0, 3).map((Id) => ({ Id, Title: 'CFO' })))
    assert.ok(changed.every((each) => each.success))
    const gone = await conn.sobject('Contact').destroy(made.contacts.slice(0, 2))
    assert.ok(gone.every((each) => each.success))
    const again = await conn.sobject('Contact').destroy(made.contacts.slice(0, 1))
    assert.equal(again[0].errors[0].errorCode ?? again[0].errors[0].statusCode, 'ENTITY_IS_DELETED')
  },

  async retrieve_several() {
    const rows = await conn.sobject('Contact').retrieve(made.contacts.slice(10, 13))
    assert.deepEqual(rows.map((row) => row.LastName), ['Person 10', 'Person 11', 'Person 12'])
  },

  async upsert_by_external_id() {
    const first = await conn.sobject('Account').upsert({ Name: 'Up', AccountNumber: 'N-2' }, 'AccountNumber')
    assert.equal(first.created, true)
    const second = await conn.sobject('Account').upsert({ Name: 'Up 2', AccountNumber: 'N-2' }, 'AccountNumber')
    assert.equal(second.created ?? false, false)
    const many = await conn
      .sobject('Account')
      .upsert([{ Name: 'Up 3', AccountNumber: 'N-2' }, { Name: 'New', AccountNumber: 'N-3' }], 'AccountNumber')
    assert.deepEqual(many.map((each) => each.success), [true, true])
  },

  async quote_to_cash() {
    const product = await conn.sobject('Product2').create({ Name: 'Seat', ProductCode: 'N-SEAT', IsActive: true })
    const quote = await conn
      .sobject('Quote')
      .create({ Name: 'Node 2027', AccountId: made.account, Entity__c: 'US', ExpirationDate: '2099-12-31' })
    made.quote = quote.id
    const line = { QuoteId: quote.id, Product2Id: product.id, Quantity: 3, UnitPrice: 100.25, ListPrice: 110 }
    await conn.sobject('QuoteLineItem').create(line)
    for (const Status of ['In Review', 'Approved', 'Presented', 'Accepted']) {
      await conn.sobject('Quote').update({ Id: quote.id, Status })
    }
    const accepted = await conn.sobject('Quote').findOne({ Status: 'Accepted', AccountId: made.account }, '*')
    assert.equal(accepted.TotalPrice, 300.75)
    const order = await conn
      .sobject('Order')
      .create({ AccountId: made.account, QuoteId: quote.id, Status: 'Draft', EffectiveDate: '2027-01-01' })
    await conn.sobject('OrderItem').create({ OrderId: order.id, Product2Id: product.id, Quantity: 3, UnitPrice: 100.25 })
    await conn.sobject('Order').update({ Id: order.id, Status: 'Activated' })
    await conn.sobject('Quote').update({ Id: quote.id, OrderStatus__c: 'booked', PaymentStatus__c: 'paid' })
    await conn.sobject('Quote').update({ Id: quote.id, Status: 'Converted' })
    assert.equal((await conn.sobject('Quote').retrieve(quote.id)).PaymentStatus__c, 'paid')
  },

  async query_pages() {
    const first = await conn.query('SELECT Id FROM Contact', { headers: { 'Sforce-Query-Options': 'batchSize=200' } })
    assert.deepEqual([first.records.length, first.done], [200, false])
    const second = await conn.queryMore(first.nextRecordsUrl)
    assert.equal(second.records.length, 200)
    const small = { headers: { 'Sforce-Query-Options': 'batchSize=200' }, autoFetch: true, maxFetch: 1000 }
    const all = await conn.query('SELECT Id FROM Contact', small)
    assert.deepEqual([all.records.length, all.totalSize], [448, 448])
  },

  async query_by_builder() {
    const rows = await conn
      .sobject('Contact')
      .find({ LastName: { $like: 'Person 1%' }, CreatedDate: jsforce.Date.TODAY }, 'Id, LastName, Account.Name')
      .sort({ LastName: 1 })
      .limit(5)
    assert.equal(rows.length, 5)
    assert.equal(rows[0].Account.Name, 'Node & Söhne')
    assert.equal(await conn.sobject('Contact').count({ Title: 'CFO' }), 1)
    const accounts = await conn
      .sobject('Account')
      .find({ Id: made.account }, 'Id, Name')
      .include('Quotes', null, 'Id, Status')
      .end()
    assert.equal(accounts[0].Quotes.records[0].Status, 'Converted')
  },

  async search() {
    const found = await conn.search('FIND {Söhne} IN ALL FIELDS RETURNING Account(Id, Name)')
    assert.equal(found.searchRecords[0].Id, made.account)
  },

  async composite() {
    const base = '/services/data/v62.0/sobjects/'
    const answer = await conn.requestPost('/services/data/v62.0/composite', {
      allOrNone: true,
      compositeRequest: [
        { method: 'POST', url: base + 'Account', referenceId: 'a', body: { Name: 'Comp' } },
        { method: 'GET', url: base + 'Account/@{a.id}', referenceId: 'b' },
      ],
    })
    assert.deepEqual(answer.compositeResponse.map((each) => each.httpStatusCode), [201, 200])
  },

  async bulk() {
    const records = Array.from({ length: 300 }, (_, n) => ({ LastName: `Bulk ${n}`, ExternalId__c: `B-${n}` }))
    const done = await conn.bulk2.loadAndWaitForResults({ object: 'Contact', operation: 'insert', input: records })
    assert.deepEqual([done.successfulResults.length, done.failedResults.length], [300, 0])
    const mixed = [{ ExternalId__c: 'B-1', LastName: 'Bulk again' }, { ExternalId__c: 'B-2', LastName: 'x'.repeat(99) }]
    const upserted = await conn.bulk2.loadAndWaitForResults({
      object: 'Contact', operation: 'upsert', externalIdFieldName: 'ExternalId__c', input: mixed,
    })
    assert.deepEqual([upserted.successfulResults.length, upserted.failedResults.length], [1, 1])
    const rows = await (await conn.bulk2.query("SELECT Id, LastName FROM Contact WHERE LastName LIKE 'Bulk %'")).toArray()
    assert.equal(rows.length, 300)
  },

  async errors() {
    await refused(() => conn.sobject('Contact').create({}), 'REQUIRED_FIELD_MISSING')
    await refused(() => conn.sobject('Contact').create({ LastName: 'x', Nope: 1 }), 'INVALID_FIELD')
    await refused(() => conn.sobject('Contact').retrieve('003000000099999AAA'), 'NOT_FOUND')
    await refused(() => conn.query('SELECT Id FRM Contact'), 'MALFORMED_QUERY')
    await refused(() => conn.sobject('Account').create({ Name: 'x', AccountNumber: 'N-1' }), 'DUPLICATE_VALUE')
    await refused(() => conn.sobject('Quote').update({ Id: made.quote, Status: 'Draft' }), 'FIELD_CUSTOM_VALIDATION_EXCEPTION')
  },

  async change_events_are_streamed() {
    const channel = '/data/AccountChangeEvent'
    const ear = await listen(conn, channel)
    const { id } = await conn.sobject('Account').create({ Name: 'Heard' })
    await conn.sobject('Account').update({ Id: id, Phone: '123' })
    await conn.sobject('Contact').create({ LastName: 'Not heard' })
    const told = await ear.until(2)
    ear.stop()
    assert.deepEqual(told.map((each) => each.payload.ChangeEventHeader.changeType), ['CREATE', 'UPDATE'])
    assert.deepEqual(told[1].payload.ChangeEventHeader.recordIds, [id])
    assert.equal(told[1].payload.Phone, '123')
    assert.equal('Name' in told[1].payload, false)
    assert.ok(told[1].payload.ChangeEventHeader.changedFields.includes('Phone'))
    made.replay = told[0].event.replayId
  },

  async missed_events_are_replayed() {
    const ear = await listen(conn, '/data/AccountChangeEvent', made.replay)
    const told = await ear.until(1)
    ear.stop()
    assert.equal(told[0].payload.ChangeEventHeader.changeType, 'UPDATE')
    assert.ok(told[0].event.replayId > made.replay)
  },

  async platform_events_are_streamed() {
    const ear = await listen(conn, '/event/Order_Booked__e', -1)
    await conn.sobject('Order_Booked__e').create({ Reference__c: 'Q-1-v1', Amount__c: 12.5 })
    const told = await ear.until(1)
    const early = await listen(conn, '/event/Order_Booked__e', -2)
    const all = await early.until(1)
    ear.stop()
    early.stop()
    assert.equal(told[0].payload.Reference__c, 'Q-1-v1')
    assert.equal(all[0].event.replayId, told[0].event.replayId)
  },

  async unknown_channels_are_refused() {
    await assert.rejects(listen(conn, '/event/Nope__e'), /does not exist/)
  },

  async session_is_refreshed_once_it_is_over() {
    let asked = 0
    const over = conn.accessToken
    const other = new jsforce.Connection({
      instanceUrl: url,
      accessToken: over,
      version: '62.0',
      refreshFn: async (_connection, callback) => {
        asked += 1
        const fresh = new jsforce.Connection({ loginUrl: url, oauth2, version: '62.0' })
        await fresh.login(...USER)
        callback(null, fresh.accessToken)
      },
    })
    await conn.logout()
    assert.equal((await other.query('SELECT Id FROM User')).totalSize, 1)
    assert.equal(asked, 1)
    assert.notEqual(other.accessToken, over)
    const lone = new jsforce.Connection({ instanceUrl: url, accessToken: over, version: '62.0' })
    await refused(() => lone.query('SELECT Id FROM User'), 'INVALID_SESSION_ID')
  },
}

const results = {}
for (const [name, check] of Object.entries(checks)) {
  try {
    await check()
    results[name] = ''
  } catch (error) {
    results[name] = String(error?.stack ?? error)
  }
}
console.log(JSON.stringify(results))
process.exit(0)

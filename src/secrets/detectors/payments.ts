// Payment, shops and currencies, sorted by id.
import { createHash } from 'node:crypto'
import { isDrawn } from '../checks.ts'
import type { Checked, Detector, Found } from '../detector.ts'
import { phraseKind, phraseOf } from '../recovery-phrase.ts'
import { named, ofFiller, token } from './token.ts'

const STRIPE = {
  issuer: 'Stripe',
  revoke: 'Roll the key in the Stripe dashboard',
  docs: 'https://docs.stripe.com/keys',
}
const SQUARE = {
  issuer: 'Square',
  revoke: 'Replace the token in the Square developer dashboard',
  docs: 'https://developer.squareup.com/docs/build-basics/access-tokens',
}
const SHOPIFY = {
  issuer: 'Shopify',
  revoke: 'Uninstall or rotate the app credentials in Shopify',
  docs: 'https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens',
}

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest()
/** The checksum of four bytes behind a body. */
const base58Sum = (body: Buffer): Buffer => sha256(sha256(body)).subarray(0, 4)

/** Decodes base58 whose last four bytes are a checksum (double SHA-256); null where it does not fit. */
function base58Check(text: string): Buffer | null {
  let n = 0n
  for (const c of text) {
    const digit = BASE58.indexOf(c)
    if (digit === -1) return null
    n = n * 58n + BigInt(digit)
  }
  const hex = n.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  const body = bytes.subarray(0, -4)
  return bytes.length > 4 && base58Sum(body).equals(bytes.subarray(-4)) ? body : null
}

/** Encodes with the checksum, for examples. */
function toBase58Check(body: Buffer): string {
  let n = BigInt(`0x${Buffer.concat([body, base58Sum(body)]).toString('hex')}`)
  let text = ''
  for (; n > 0n; n /= 58n) text = (BASE58[Number(n % 58n)] ?? '') + text
  return text
}

const checkBitcoin = ({ value }: Found): Checked | null => (base58Check(value) === null ? null : { strength: 'proven' })

export const PAYMENTS: readonly Detector[] = [
  token({
    id: 'adyen-key',
    issuer: 'Adyen',
    title: 'Adyen API key',
    opens: 'payments of the company account',
    revoke: 'Generate a new key for the API credential in Adyen',
    docs: 'https://docs.adyen.com/development-resources/api-credentials/',
    forms: ['AQE{62:1}hm{b64:60-200}'],
    examples: ['AQEyhm{b64:120}'],
  }),
  token({
    id: 'alchemy-key',
    issuer: 'Alchemy',
    title: 'Alchemy API key',
    opens: 'calls of the nodes, paid by the account',
    revoke: 'Rotate the key in the Alchemy dashboard',
    docs: 'https://www.alchemy.com/docs/',
    forms: ['alcht_{62:30}'],
  }),
  token({
    id: 'alchemy-url',
    issuer: 'Alchemy',
    title: 'Alchemy endpoint with its key',
    opens: 'calls of the nodes, paid by the account',
    revoke: 'Rotate the key in the Alchemy dashboard',
    docs: 'https://www.alchemy.com/docs/',
    forms: ['.alchemy.com/v2/{64:32}', '.alchemyapi.io/v2/{64:32}'],
    strength: 'possible',
    examples: ['https://eth-mainnet.g.alchemy.com/v2/{62:32}'],
  }),
  named({
    id: 'binance-secret',
    issuer: 'Binance',
    title: 'Binance API secret',
    opens: 'trades and, where allowed, withdrawals of the account',
    revoke: 'Delete the key in the Binance API management',
    docs: 'https://developers.binance.com/docs/binance-spot-api-docs/rest-api',
    names: ['binance'],
    values: ['{62:64}'],
    check: ({ value }) => (isDrawn(value) ? {} : null),
  }),
  {
    id: 'bitcoin-extended-key',
    issuer: 'Bitcoin (BIP 32)',
    title: 'Bitcoin extended private key',
    opens: 'all coins of the wallet',
    revoke: 'Move the coins to a new wallet',
    docs: 'https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki',
    forms: ['xprv{58:107}'],
    proof: 'its base58 checksum',
    literals: ['xprv', 'yprv', 'zprv', 'tprv'].map((text) => ({ text, run: 24 })),
    pattern: /[xyzt]prv[1-9A-HJ-NP-Za-km-z]{107,108}(?![A-Za-z0-9])/y,
    alone: true,
    strength: 'proven',
    examples: [
      (fill) => toBase58Check(Buffer.concat([Buffer.from('0488ade4', 'hex'), Buffer.from(fill('{hex:148}'), 'hex')])),
    ],
    quiet: ['xprv{58:107}'],
    check: checkBitcoin,
  },
  {
    id: 'bitcoin-private-key',
    issuer: 'Bitcoin',
    title: 'Bitcoin private key',
    opens: 'the coins of the address',
    revoke: 'Move the coins to a new address',
    docs: 'https://en.bitcoin.it/wiki/Wallet_import_format',
    forms: ['5{58:50}', 'K{58:51}', 'L{58:51}'],
    proof: 'its base58 checksum',
    literals: ['bitcoin', 'privkey', 'private_key', 'privatekey', 'wif', 'btc_'].map((text) => ({
      text,
      ignoreCase: true,
      assignment: true,
    })),
    pattern:
      /[\w.-]{3,30}["'`\s]{0,3}[=:]{1,2}["'`\s]{0,4}(?<value>5[HJK][1-9A-HJ-NP-Za-km-z]{49}|[KL][1-9A-HJ-NP-Za-km-z]{51})(?![A-Za-z0-9])/iy,
    strength: 'proven',
    examples: [
      (fill) =>
        `BITCOIN_PRIVATE_KEY=${toBase58Check(Buffer.concat([Buffer.from('80', 'hex'), Buffer.from(fill('{hex:64}'), 'hex')]))}`,
    ],
    quiet: ['privkey=5J{58:49}'],
    check: checkBitcoin,
  },
  token({
    id: 'braintree-token',
    issuer: 'PayPal Braintree',
    title: 'Braintree access token',
    opens: 'payments of the merchant account',
    revoke: 'Revoke the token in the Braintree control panel',
    docs: 'https://developer.paypal.com/braintree/docs/',
    forms: ['access_token$production${36:16}${hex:32}'],
  }),
  token({
    id: 'checkout-key',
    issuer: 'Checkout.com',
    title: 'Checkout.com secret key',
    opens: 'payments of the account',
    revoke: 'Regenerate the key in the Checkout.com dashboard',
    docs: 'https://www.checkout.com/docs/',
    forms: ['sk_{32l:26-31}', 'sk_{uuid}'],
    strength: 'possible',
    examples: ['sk_{uuid}'],
    check: ({ value }) => (/^sk_[0-9a-f]{8}-/.test(value) ? { strength: 'likely' } : /\d/.test(value) ? {} : null),
  }),
  named({
    id: 'coinbase-key',
    issuer: 'Coinbase',
    title: 'Coinbase API secret',
    opens: 'the wallets of the account',
    revoke: 'Delete the key in the Coinbase developer platform',
    docs: 'https://docs.cdp.coinbase.com/',
    names: ['coinbase'],
    values: ['{64:64}', '{62:32}', '{b64:86}==', '{62:16}'],
    word: /secret|key|token/i,
    check: ({ value }) => (/[A-Za-z]/.test(value) ? {} : null),
    examples: ['COINBASE_API_SECRET={62:32}'],
    quiet: ['coinbase_tx_hash={hex:64}'],
  }),
  named({
    id: 'ethereum-private-key',
    issuer: 'Ethereum',
    title: 'Ethereum private key',
    opens: 'everything that the address owns',
    revoke: 'Move what the address owns to a new one',
    docs: 'https://ethereum.org/en/developers/docs/accounts/',
    names: ['private_key', 'privatekey', 'private-key', 'privkey', 'mnemonic_key', 'deployer_key', 'wallet_key'],
    values: ['0x{hex:64}', '{hex:64}'],
    strength: 'possible',
    word: /key/i,
    examples: ['PRIVATE_KEY=0x{hex:64}'],
    quiet: ['private_key_sha256={hex:64}', 'privateKeyId: {hex:40}'],
    check: ({ value }) => (value.startsWith('0x') ? { strength: 'likely' } : {}),
  }),
  named({
    id: 'etherscan-key',
    issuer: 'Etherscan',
    title: 'Etherscan API key',
    opens: 'calls in the name of the account',
    revoke: 'Remove the key in the Etherscan account',
    docs: 'https://docs.etherscan.io/',
    names: ['etherscan', 'bscscan', 'polygonscan', 'arbiscan'],
    values: ['{36U:34}'],
  }),
  token({
    id: 'flutterwave-key',
    issuer: 'Flutterwave',
    title: 'Flutterwave secret key',
    opens: 'payments of the account',
    revoke: 'Regenerate the keys in the Flutterwave dashboard',
    docs: 'https://developer.flutterwave.com/docs/authentication',
    forms: ['FLWSECK-{hex:32}-X', 'FLWSECK-{hex:32}-{62:11}-X'],
  }),
  token({
    id: 'gocardless-token',
    issuer: 'GoCardless',
    title: 'GoCardless access token',
    opens: 'payments of the account',
    revoke: 'Revoke the token in the GoCardless dashboard',
    docs: 'https://developer.gocardless.com/',
    forms: ['live_{64:40}'],
    check: ({ value }) => (isDrawn(value) ? {} : null),
    quiet: ['live_{a:40}', 'sk_live_{64:40}'],
  }),
  named({
    id: 'infura-key',
    issuer: 'Infura',
    title: 'Infura API key',
    opens: 'calls of the nodes, paid by the account',
    revoke: 'Rotate the key in the Infura dashboard',
    docs: 'https://docs.metamask.io/services/',
    names: ['infura'],
    values: ['{hex:32}'],
    strength: 'possible',
    word: /key|secret/i,
  }),
  token({
    id: 'infura-url',
    issuer: 'Infura',
    title: 'Infura endpoint with its key',
    opens: 'calls of the nodes, paid by the account',
    revoke: 'Rotate the key in the Infura dashboard',
    docs: 'https://docs.metamask.io/services/',
    forms: ['.infura.io/v3/{hex:32}', '.infura.io/ws/v3/{hex:32}'],
    strength: 'possible',
    examples: ['https://mainnet.infura.io/v3/{hex:32}'],
  }),
  named({
    id: 'kraken-secret',
    issuer: 'Kraken',
    title: 'Kraken private key',
    opens: 'trades and, where allowed, withdrawals of the account',
    revoke: 'Delete the key in the Kraken settings',
    docs: 'https://docs.kraken.com/api/',
    names: ['kraken'],
    values: ['{b64:86}=='],
  }),
  token({
    id: 'mollie-key',
    issuer: 'Mollie',
    title: 'Mollie API key',
    opens: 'payments of the account',
    revoke: 'Reset the key in the Mollie dashboard',
    docs: 'https://docs.mollie.com/reference/authentication',
    forms: ['live_{62:30}', 'access_{62:30}'],
    check: ({ value }) => (isDrawn(value) ? {} : null),
    quiet: ['access_{a:30}', 'sk_live_{62:30}x'],
  }),
  token({
    id: 'paddle-key',
    issuer: 'Paddle',
    title: 'Paddle API key',
    opens: 'payments and customers of the account',
    revoke: 'Revoke the key in the Paddle dashboard',
    docs: 'https://developer.paddle.com/api-reference/about/api-keys',
    forms: ['pdl_live_apikey_{36:26}_{62:22}_{62:3}'],
  }),
  named({
    id: 'paypal-secret',
    issuer: 'PayPal',
    title: 'PayPal client secret',
    opens: 'payments in the name of the merchant',
    revoke: 'Rotate the secret in the PayPal developer dashboard',
    docs: 'https://developer.paypal.com/api/rest/authentication/',
    names: ['paypal'],
    values: ['E{64:79}'],
    word: /secret/i,
    examples: ['PAYPAL_CLIENT_SECRET=E{64:79}'],
    quiet: ['PAYPAL_CLIENT_ID=A{64:79}'],
  }),
  token({
    id: 'paystack-key',
    issuer: 'Paystack',
    title: 'Paystack secret key',
    opens: 'payments of the account',
    revoke: 'Generate a new secret key in the Paystack dashboard',
    docs: 'https://paystack.com/docs/api/authentication/',
    forms: ['sk_live_{hex:40}'],
  }),
  named({
    id: 'plaid-secret',
    issuer: 'Plaid',
    title: 'Plaid secret',
    opens: 'the bank accounts of all customers',
    revoke: 'Rotate the secret in the Plaid dashboard',
    docs: 'https://plaid.com/docs/',
    names: ['plaid'],
    values: ['{hex:30}'],
    word: /secret/i,
    examples: ['PLAID_SECRET={hex:30}'],
    quiet: ['PLAID_CLIENT_ID={hex:24}'],
  }),
  token({
    id: 'plaid-token',
    issuer: 'Plaid',
    title: 'Plaid access token',
    opens: 'the bank accounts of the customer',
    revoke: 'Remove the item with /item/remove',
    docs: 'https://plaid.com/docs/api/items/',
    forms: ['access-production-{uuid}', 'access-development-{uuid}'],
  }),
  token({
    id: 'razorpay-key-id',
    issuer: 'Razorpay',
    title: 'Razorpay key id',
    opens: 'nothing without its secret: it names the key',
    revoke: 'Regenerate the key in the Razorpay dashboard',
    docs: 'https://razorpay.com/docs/payments/dashboard/account-settings/api-keys/',
    forms: ['rzp_live_{62:14}'],
    strength: 'possible',
  }),
  named({
    id: 'razorpay-secret',
    issuer: 'Razorpay',
    title: 'Razorpay key secret',
    opens: 'payments of the account',
    revoke: 'Regenerate the key in the Razorpay dashboard',
    docs: 'https://razorpay.com/docs/payments/dashboard/account-settings/api-keys/',
    names: ['razorpay', 'rzp_'],
    values: ['{62:24}'],
    word: /secret/i,
    examples: ['RAZORPAY_KEY_SECRET={62:24}'],
    check: ({ value }) => (isDrawn(value) ? {} : null),
  }),
  {
    id: 'recovery-phrase',
    title: 'Recovery phrase of a wallet',
    issuer: 'any wallet (BIP-39)',
    opens: 'everything that the wallet holds',
    revoke: 'Move what the wallet holds to a new one',
    instead: 'Leave it out: no build needs a wallet',
    docs: 'https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki',
    proof: 'its words are of the list, and the checksum in the last one fits',
    examples: [
      (fill) => `MNEMONIC="${phraseOf(fill('{hex:32}'))}"`,
      (fill) => `seed phrase: ${phraseOf(fill('{hex:64}'))}\n`,
      (fill) => `{"mnemonic": "${phraseOf(fill('{hex:32}'))}"}`,
    ],
    quiet: [
      'mnemonic: "test test test test test test test test test test test junk"',
      'mnemonic = "abandon ability able about above absent absorb abstract absurd abuse access accident"',
      'the mnemonic code or mnemonic sentence is a group of easy to remember words for the generation of wallets',
    ],
    literals: [
      'mnemonic',
      'seed phrase',
      'seed_phrase',
      'seed-phrase',
      'seedphrase',
      'recovery phrase',
      'recovery_phrase',
      'secret phrase',
      'secret_phrase',
      'wallet_seed',
      'bip39',
    ].map((text) => ({ text, ignoreCase: true })),
    pattern:
      /(?:mnemonic|(?:seed|recovery|secret)[ _-]?phrase|wallet_seed|bip39)[^\n]{0,40}?(?:\n\s{0,20})?(?<![a-z])(?<value>[a-z]{3,8}(?:[ \t]{1,3}[a-z]{3,8}){11,23})(?![ \t]{0,3}[a-z])/iy,
    window: 400,
    strength: 'proven',
    check: ({ value }) => {
      const kind = phraseKind(value.trim().split(/\s+/))
      if (kind === null) return null
      return kind === 'sample' ? { strength: 'harmless', note: 'a phrase of tests' } : {}
    },
  },
  token({
    ...SHOPIFY,
    id: 'shopify-token',
    title: 'Shopify token',
    opens: 'the shop: orders, customers, products',
    forms: ['shpat_{Hex:32}', 'shpca_{Hex:32}', 'shppa_{Hex:32}', 'shpss_{Hex:32}'],
  }),
  token({
    ...SQUARE,
    id: 'square-oauth-secret',
    title: 'Square OAuth secret',
    opens: 'sign-ins in the name of the application',
    forms: ['sq0csp-{64:43}'],
  }),
  named({
    ...SQUARE,
    id: 'square-production-token',
    title: 'Square access token',
    opens: 'payments, orders and customers of the account',
    names: ['square', 'sq_'],
    values: ['EAAA{64:60}'],
    examples: ['SQUARE_ACCESS_TOKEN=EAAA{64:60}'],
  }),
  token({
    ...SQUARE,
    id: 'square-token',
    title: 'Square access token',
    opens: 'payments, orders and customers of the account',
    forms: ['sq0atp-{64:22}'],
  }),
  token({
    ...STRIPE,
    id: 'stripe-key',
    title: 'Stripe secret key',
    opens: 'payments and customers of the account; a restricted key what it is granted',
    forms: [
      'sk_live_{62:14-34}',
      'rk_live_{62:14-34}',
      'sk_live_{62:60-247}',
      'rk_live_{62:60-247}',
      'sk_org_live_{62:24-247}',
    ],
    quiet: ['task_live_{62:24}', 'pk_live_{62:24}'],
  }),
  token({
    ...STRIPE,
    id: 'stripe-test-key',
    title: 'Stripe test key',
    opens: "the account's test data",
    forms: ['sk_test_{62:24-34}', 'rk_test_{62:24-34}', 'sk_test_{62:60-247}', 'rk_test_{62:60-247}'],
    strength: 'harmless',
    check: () => ({ note: 'a test key' }),
  }),
  {
    ...STRIPE,
    id: 'stripe-webhook-secret',
    title: 'webhook signing secret',
    issuer: 'Stripe, Svix',
    opens: 'events that look as if they came from the service',
    revoke: 'Roll the signing secret of the webhook endpoint',
    docs: 'https://docs.stripe.com/webhooks',
    forms: ['whsec_{b64=:32-64}'],
    literals: [{ text: 'whsec_', run: 12 }],
    pattern: /whsec_[A-Za-z0-9+/=]{32,64}(?![A-Za-z0-9_-])/y,
    alone: true,
    strength: 'likely',
    examples: ['whsec_{62:32}', 'whsec_{b64:43}='],
    quiet: ['whsec_{62:12}'],
    check: ({ value }) => ofFiller(value.slice(6)),
  },
]

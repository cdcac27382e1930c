// What other programs show is read by this one, and what it shows is read by them, byte for byte.
//
//     node tests/interop/exchange.mjs MODULES PROGRAM
//
// MODULES is the folder in which `npm ci` put what package.json names; PROGRAM is the built program.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, program] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(join(modules, 'package.json'));
const { UR, URDecoder, UREncoder } = require('@ngraveio/bc-ur');
const registry = require('@keystonehq/bc-ur-registry');
const bbqr = await import(pathToFileURL(join(modules, 'node_modules/bbqr/dist/bbqr.js')));

const folder = mkdtempSync(join(tmpdir(), 'strongroom-interop-'));
const at = (name) => join(folder, name);
let checks = 0;

function strongroom(...args) {
    return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
}

function shown(bytes, ...args) {
    writeFileSync(at('payload'), bytes);
    return strongroom('qr', 'show', at('payload'), '--text', ...args).trimEnd().split('\n');
}

/** The payload in its bytes, or what the program prints of it. */
function read(texts, printed = false) {
    writeFileSync(at('texts'), `${texts.join('\n')}\n`);
    if (printed) return strongroom('qr', 'read', '--text', at('texts'));
    // The program writes over no file.
    rmSync(at('out'), { force: true });
    strongroom('qr', 'read', '--text', at('texts'), '-o', at('out'));
    return readFileSync(at('out'));
}

function same(ours, theirs, what) {
    assert.ok(Buffer.from(ours).equals(Buffer.from(theirs)), `${what}: the bytes differ`);
    checks += 1;
}

/** Bytes that do not shrink, the same in every run. */
function noise(length) {
    const blocks = [];
    for (let n = 0; n * 32 < length; n += 1) blocks.push(createHash('sha256').update(`${length} ${n}`).digest());
    return Buffer.concat(blocks).subarray(0, length);
}

const psbt = (length) => Buffer.concat([Buffer.from('psbt\xff', 'latin1'), noise(length - 5)]);
const PSBTS = [12, 300, 3_000, 20_000].map(psbt);
PSBTS.push(Buffer.concat([psbt(800), Buffer.alloc(4_000, 'a repeated field ')]));
const TEXT = Buffer.from(`Größe ${'words that repeat, '.repeat(200)}\n`);
const JSON_TEXT = Buffer.from(JSON.stringify({ xpub: 'xpub6…', list: Array.from({ length: 300 }, (_, n) => n) }));

function urs() {
    for (const payload of [...PSBTS, TEXT, JSON_TEXT]) {
        const isPsbt = PSBTS.includes(payload);
        const type = isPsbt ? 'crypto-psbt' : 'bytes';
        const theirs = isPsbt ? new registry.CryptoPSBT(payload).toUR() : new registry.Bytes(payload).toUR();
        for (const density of ['compatible', 'normal', 'fast']) {
            const numbered = shown(payload, '--density', density);
            const count = numbered.length;
            const extra = count > 1 ? ['--extra', String(count)] : [];
            const texts = shown(payload, '--density', density, ...extra);
            // Part by part the same, mixed ones too.
            const size = Math.ceil(theirs.cbor.length / count);
            const encoder = new UREncoder(theirs, size, 0, 1);
            for (const text of texts) {
                assert.equal(text.toLowerCase(), encoder.nextPart().toLowerCase(), `${type}, ${density}`);
                checks += 1;
            }
            // The whole, from the later half alone.
            const decoder = new URDecoder();
            for (const text of texts.slice().reverse()) if (!decoder.isComplete()) decoder.receivePart(text);
            if (decoder.isComplete()) {
                assert.equal(decoder.resultUR().type, type);
                same(decoder.resultUR().decodeCBOR(), payload, `${type}, ${density}, ours to theirs`);
            } else {
                assert.fail(`${type}, ${density}: their decoder is not complete`);
            }
        }
        for (const size of [30, 200, 1_000]) {
            const encoder = new UREncoder(theirs, size, 0, 10);
            const parts = Array.from({ length: encoder.fragmentsLength * 2 }, () => encoder.nextPart());
            same(read(parts), payload, `${type}, fragments of ${size}, theirs to ours`);
            // Mixed parts alone: what a receiver sees that comes late. It may want some more.
            const late = Array.from({ length: Math.ceil(encoder.fragmentsLength * 1.2) + 10 }, () => encoder.nextPart());
            same(read(encoder.fragmentsLength > 1 ? late : parts), payload, `${type}, late`);
        }
        // The names of types of 2023, which this library does not know and carries all the same.
        if (isPsbt) {
            const renamed = new UREncoder(new UR(theirs.cbor, 'psbt'), 300, 0, 10);
            const parts = Array.from({ length: renamed.fragmentsLength }, () => renamed.nextPart());
            same(read(parts), payload, 'psbt, theirs to ours');
            assert.match(shown(Buffer.from(parts.join('\n')))[0], /^UR:PSBT\//);
        }
    }
}

function bbqrs() {
    const files = [...PSBTS.map((bytes) => ['P', bytes]), ['U', TEXT], ['J', JSON_TEXT]];
    const versions = { compatible: 15, normal: 20, fast: 27 };
    for (const [type, payload] of files) {
        for (const encoding of ['H', '2', 'Z']) {
            for (const [density, maxVersion] of Object.entries(versions)) {
                const theirs = bbqr.splitQRs(payload, type, { encoding, maxVersion });
                same(read(theirs.parts.slice().reverse()), payload, `BBQr ${encoding}, theirs to ours`);
                // Shown again, it keeps its encoding, and where no packer decides it is the same text.
                const ours = shown(Buffer.from(theirs.parts.join('\n')), '--density', density);
                const joined = bbqr.joinQRs(ours);
                assert.deepEqual([joined.fileType, joined.encoding], [type, theirs.encoding]);
                same(joined.raw, payload, `BBQr ${encoding}, ours to theirs`);
                if (theirs.encoding !== 'Z') assert.deepEqual(ours, theirs.parts);
                // A packer may win a byte and with it a piece, not more.
                assert.ok(Math.abs(ours.length - theirs.parts.length) <= 1);
            }
        }
        // The text of a PSBT in the place of the PSBT.
        if (type === 'P') {
            const text = Buffer.from(`${payload.toString('base64')}\n`);
            const { parts } = bbqr.splitQRs(text, 'U', { encoding: 'Z', maxVersion: 20 });
            same(read(parts), payload, 'BBQr U, a PSBT in base64');
        }
        const ours = bbqr.joinQRs(shown(payload, '--format', 'bbqr'));
        assert.equal(ours.fileType, type);
        same(ours.raw, payload, `BBQr ${type}`);
    }
}

/** Keys, descriptors and accounts as the registry of a wallet writes them. */
function keys() {
    const { CryptoAccount, CryptoHDKey, CryptoKeypath, CryptoOutput, MultiKey, PathComponent, ScriptExpressions } = registry;
    const step = (index, hardened) => new PathComponent({ index, hardened });
    const origin = (...steps) =>
        new CryptoKeypath(steps.map((index) => step(index, true)), Buffer.from('d34db33f', 'hex'), steps.length);
    const point = (n) => {
        const { createECDH } = require('node:crypto');
        const curve = createECDH('secp256k1');
        curve.setPrivateKey(noise(32 + n).subarray(0, 32));
        return curve.getPublicKey(null, 'compressed');
    };
    const key = (n, children, ...steps) =>
        new CryptoHDKey({
            isMaster: false, key: point(n), chainCode: noise(64 + n).subarray(0, 32), origin: origin(...steps),
            parentFingerprint: Buffer.from('01020304', 'hex'), ...(children ? { children } : {}), name: 'a name',
        });
    const below = new CryptoKeypath([step(1, false), new PathComponent({ hardened: false })]);
    const text = (of, path, tail = '') => `[d34db33f${path}]${of.getBip32Key()}${tail}`;
    const texts = (item) => {
        const encoder = item.toUREncoder(60);
        return Array.from({ length: encoder.fragmentsLength }, () => encoder.nextPart());
    };
    const is = (item, expected) => {
        assert.equal(read(texts(item), true), `${expected}\n`);
        checks += 1;
    };
    const single = key(1, undefined, 84, 0, 0);
    is(single, text(single, "/84'/0'/0'"));
    const ranged = key(2, below, 84, 0, 0);
    const [sh, wsh, pkh, wpkh] = ['SCRIPT_HASH', 'WITNESS_SCRIPT_HASH', 'PUBLIC_KEY_HASH', 'WITNESS_PUBLIC_KEY_HASH'].map(
        (name) => ScriptExpressions[name],
    );
    is(new CryptoOutput([wpkh], ranged), `wpkh(${text(ranged, "/84'/0'/0'", '/1/*')})`);
    is(new CryptoOutput([sh, wpkh], ranged), `sh(wpkh(${text(ranged, "/84'/0'/0'", '/1/*')}))`);
    const [one, two] = [key(3, undefined, 48, 0, 0, 2), key(4, undefined, 48, 0, 0, 2)];
    const several = [one, two].map((of) => text(of, "/48'/0'/0'/2'")).join(',');
    is(new CryptoOutput([wsh, ScriptExpressions.SORTED_MULTISIG], new MultiKey(2, [one, two])), `wsh(sortedmulti(2,${several}))`);
    const outputs = [new CryptoOutput([wpkh], single), new CryptoOutput([pkh], ranged)];
    const lines = [`wpkh(${text(single, "/84'/0'/0'")})`, `pkh(${text(ranged, "/84'/0'/0'", '/1/*')})`];
    const account = new CryptoAccount(Buffer.from('d34db33f', 'hex'), outputs);
    is(account, lines.join('\n'));
    // BCR-2020-015 has tag 308 before each descriptor. Other wallets write it, and it is read; this registry neither writes
    // nor reads it, and so `wallet export` writes none.
    const { cbor, type } = account.toUR();
    const tagged = Buffer.from(cbor.toString('hex').replace(/d9019[34]d9012f/g, 'd90134$&'), 'hex');
    assert.equal(tagged.length, cbor.length + 3 * outputs.length);
    is({ toUREncoder: (size) => new UREncoder(new UR(tagged, type), size, 0, 1) }, lines.join('\n'));
    assert.throws(() => CryptoAccount.fromCBOR(tagged));
}

/** What `wallet export` writes, against the registry's own bytes for the same keys. */
function exports() {
    const { CryptoAccount, CryptoCoinInfo, CryptoHDKey, CryptoKeypath, CryptoOutput, MultiKey, PathComponent, ScriptExpressions } = registry;
    const vault = at('t.vault');
    writeFileSync(at('alice'), 'correct horse battery staple');
    strongroom('vault', 'create', vault, '--network', 'regtest', '--threshold', '1', '--custodian', 'alice',
        '--passphrase', `alice=${at('alice')}`, '--dice', '142536'.repeat(17));
    const ballot = ['--ballot', `alice=${at('alice')}`];
    const key = (text) => {
        const [, master, path, xpub] = /^\[([0-9a-f]{8})\/([^\]]*)\](\w+)/.exec(text);
        // Base 58 of a test network's key: version, depth, parent, last step, chain code, point.
        const letters = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
        const value = [...xpub].reduce((sum, letter) => sum * 58n + BigInt(letters.indexOf(letter)), 0n);
        const bytes = Buffer.from(value.toString(16).padStart(164, '0'), 'hex');
        const steps = path.split('/').map((step) => new PathComponent({ index: parseInt(step, 10), hardened: /[h']$/.test(step) }));
        return new CryptoHDKey({
            isMaster: false, key: bytes.subarray(45, 78), chainCode: bytes.subarray(13, 45),
            useInfo: new CryptoCoinInfo(undefined, 1), origin: new CryptoKeypath(steps, Buffer.from(master, 'hex'), bytes[4]),
            parentFingerprint: bytes.subarray(5, 9),
        });
    };
    const point = (item) => {
        const output = item instanceof CryptoAccount ? item.getOutputDescriptors()[0] : item;
        if (output instanceof CryptoHDKey) return output.getKey();
        return (output.getMultiKey()?.getKeys()[0] ?? output.getHDKey()).getKey();
    };
    const is = (name, format, item, expected) => {
        const ours = strongroom('wallet', 'export', vault, name, '--format', format).trimEnd();
        const decoder = new URDecoder();
        decoder.receivePart(ours);
        assert.equal(decoder.resultUR().type, item.toUR().type);
        same(decoder.resultUR().cbor, item.toUR().cbor, `${name}, ${format}`);
        // The registry reads it, with the same key in it.
        if (item.constructor.fromCBOR) {
            const theirs = item.constructor.fromCBOR(decoder.resultUR().cbor);
            same(theirs.toCBOR(), item.toCBOR(), `${name}, ${format}, as they read it`);
            same(point(theirs), point(item), `${name}, ${format}, the key that they read`);
        }
        // As codes, and back.
        writeFileSync(at('export'), `${ours}\n`);
        const texts = strongroom('qr', 'show', at('export'), '--text', '--density', 'compatible').trimEnd().split('\n');
        const again = new URDecoder();
        for (const text of texts) again.receivePart(text);
        assert.equal(again.resultUR().type, item.toUR().type);
        same(again.resultUR().cbor, item.toUR().cbor, `${name}, ${format}, as codes`);
        assert.equal(read(texts, true), `${expected}\n`);
    };
    const scripts = { pkh: ['PUBLIC_KEY_HASH'], 'sh-wpkh': ['SCRIPT_HASH', 'WITNESS_PUBLIC_KEY_HASH'], wpkh: ['WITNESS_PUBLIC_KEY_HASH'] };
    // The registry has no name for taproot: another's bytes with its number, 409 for 404.
    const taproot = (item) => {
        const { cbor, type } = item.toUR();
        return { toUR: () => new UR(Buffer.from(cbor.toString('hex').replace('d90194', 'd90199'), 'hex'), type) };
    };
    const marked = (text) => text.replace(/\[[^\]]*\]/g, (origin) => origin.replaceAll('h', "'"));
    const plain = (text) => marked(text.split('#')[0].replaceAll('/<0;1>/*', ''));
    const described = (name) => strongroom('wallet', 'export', vault, name, '--format', 'descriptor').trimEnd();
    for (const [script, names] of Object.entries({ ...scripts, tr: ['WITNESS_PUBLIC_KEY_HASH'] })) {
        strongroom('wallet', 'add', vault, script, '--script', script, '--account', '3', ...ballot);
        const text = described(script);
        const inner = text.slice(text.indexOf('['), text.indexOf('/<0;1>'));
        const tags = names.map((name) => ScriptExpressions[name]);
        const named = script === 'tr' ? taproot : (item) => item;
        const normal = marked(inner);
        const whole = `${text.slice(0, text.indexOf('['))}${normal}${')'.repeat(names.length)}`;
        is(script, 'ur-hdkey', key(inner), normal);
        is(script, 'ur-output', named(new CryptoOutput(tags, key(inner))), whole);
        const master = Buffer.from(inner.slice(1, 9), 'hex');
        is(script, 'ur-account', named(new CryptoAccount(master, [new CryptoOutput(tags, key(inner))])), whole);
    }
    const ours = strongroom('wallet', 'xpub', vault, '--path', 'm/48h/1h/0h/2h', ...ballot).trim();
    const others = [5, 6].map((n) => {
        // Another's key at the same place: the ours with another point and chain code.
        const { createECDH } = require('node:crypto');
        const curve = createECDH('secp256k1');
        curve.setPrivateKey(noise(32 + n).subarray(0, 32));
        const of = new CryptoHDKey({
            isMaster: false, key: curve.getPublicKey(null, 'compressed'), chainCode: noise(64 + n).subarray(0, 32),
            useInfo: new CryptoCoinInfo(undefined, 1),
            origin: new CryptoKeypath([48, 1, 0, 2].map((index) => new PathComponent({ index, hardened: true })), Buffer.from(`0000000${n}`, 'hex'), 4),
            parentFingerprint: Buffer.from('01020304', 'hex'),
        });
        const texts = [];
        const encoder = of.toUREncoder(60);
        for (let part = 0; part < encoder.fragmentsLength; part += 1) texts.push(encoder.nextPart());
        return read(texts, true).trim();
    });
    const all = [ours, ...others];
    const several = (texts) => texts.map((text) => `${text}/<0;1>/*`).join(',');
    strongroom('wallet', 'add', vault, 'several', '--descriptor', `wsh(sortedmulti(2,${several(all)}))`, ...ballot);
    const tags = ['WITNESS_SCRIPT_HASH', 'SORTED_MULTISIG'].map((each) => ScriptExpressions[each]);
    is('several', 'ur-output', new CryptoOutput(tags, new MultiKey(2, all.map(key))), plain(described('several')));
    is('several', 'ur-hdkey', key(ours), marked(ours));
    assert.throws(() => strongroom('wallet', 'export', vault, 'several', '--format', 'ur-account'));
}

try {
    urs();
    bbqrs();
    keys();
    exports();
    assert.ok(checks > 500, `${checks} checks`);
    console.log(`interop: ${checks} comparisons with @ngraveio/bc-ur, @keystonehq/bc-ur-registry and bbqr`);
} finally {
    rmSync(folder, { recursive: true });
}

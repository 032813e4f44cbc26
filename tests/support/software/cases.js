// What programs on node need from a worker, one item per run; see run.
// usage: cases.js ITEM        in an empty folder; the environment has UPSTREAM (an allowed name),
// FINGERPRINT (SHA-256 of its certificate), REFUSED (a name that is not allowed)
'use strict';
const assert = require('assert');
const child = require('child_process');
const cluster = require('cluster');
const { once } = require('events');
const fs = require('fs');
const http = require('http');
const https = require('https');
const { Worker } = require('worker_threads');
const { UPSTREAM, FINGERPRINT, REFUSED } = process.env;

const items = {
	async files() {
		fs.mkdirSync('a/b', { recursive: true });
		await fs.promises.writeFile('a/b/one', 'x'.repeat(1 << 20));
		fs.copyFileSync('a/b/one', 'a/two');
		fs.renameSync('a/two', 'a/three');
		fs.symlinkSync('b/one', 'a/link');
		fs.linkSync('a/three', 'a/hard');
		fs.chmodSync('a/three', 0o600);
		fs.truncateSync('a/three', 10);
		fs.utimesSync('a/three', 1, 2);
		assert.strictEqual(fs.statSync('a/hard').size, 10);
		assert.strictEqual(fs.statSync('a/hard').mtimeMs, 2000);
		assert.strictEqual(fs.realpathSync('a/link'), fs.realpathSync('a/b/one'));
		await require('stream/promises').pipeline(fs.createReadStream('a/link'),
			require('zlib').createGzip(), fs.createWriteStream('a/one.gz'));
		const back = require('zlib').gunzipSync(fs.readFileSync('a/one.gz'));
		assert.strictEqual(back.length, 1 << 20);
		assert.deepStrictEqual(fs.readdirSync('a').sort(), ['b', 'hard', 'link', 'one.gz', 'three']);
		fs.rmSync('a', { recursive: true });
		fs.rmdirSync(fs.mkdtempSync('/tmp/node-'));
	},

	async watch() {
		const watcher = fs.watch('.');
		const seen = once(watcher, 'change');
		fs.writeFileSync('new', 'x');
		assert.strictEqual((await seen)[1], 'new');
		watcher.close();
	},

	async children() {
		assert.strictEqual(child.execSync('echo one | tr o O').toString(), 'One\n');
		const cat = child.spawn('cat');
		cat.stdin.end('through a pipe');
		assert.strictEqual((await once(cat.stdout, 'data'))[0].toString(), 'through a pipe');
		const sleeper = child.spawn('sleep', ['100']);
		sleeper.kill('SIGTERM');
		assert.strictEqual((await once(sleeper, 'exit'))[1], 'SIGTERM');
		fs.writeFileSync('child.js', 'process.on("message", (m) => process.send(m + 1, () => process.exit(7)))');
		const forked = child.fork('./child.js');
		forked.send(41);
		assert.strictEqual((await once(forked, 'message'))[0], 42);
		assert.strictEqual((await once(forked, 'exit'))[0], 7);
	},

	async threads() {
		const shared = new Int32Array(new SharedArrayBuffer(4));
		const code = `const { workerData } = require('worker_threads');
			for (let i = 0; i < 1000; i++) Atomics.add(workerData, 0, 1);`;
		const threads = [1, 2, 3, 4].map(() => new Worker(code, { eval: true, workerData: shared }));
		await Promise.all(threads.map((t) => once(t, 'exit')));
		assert.strictEqual(shared[0], 4000);
	},

	// The parent's copies run this item again as cluster workers, which share the port.
	async cluster() {
		if (!cluster.isPrimary) {
			http.createServer((_, reply) => reply.end(`${process.pid}`)).listen(8081, '127.0.0.1');
			return;
		}
		const workers = [cluster.fork(), cluster.fork()];
		await Promise.all(workers.map((w) => once(w, 'listening')));
		const answered = new Set();
		for (let i = 0; i < 4; i++) {
			const reply = await fetch('http://127.0.0.1:8081/', { headers: { connection: 'close' } });
			answered.add(Number(await reply.text()));
		}
		assert.deepStrictEqual([...answered].sort(), workers.map((w) => w.process.pid).sort());
		workers.forEach((w) => w.kill());
		await Promise.all(workers.map((w) => once(w, 'exit')));
	},

	async compute() {
		const crypto = require('crypto');
		assert.strictEqual(crypto.scryptSync('a', 'b', 32).length, 32);
		assert.notStrictEqual(crypto.randomUUID(), crypto.randomUUID());
		await require('util').promisify(crypto.generateKeyPair)('ed25519');
		// (module (func (export "f") (result i32) i32.const 42))
		const wasm = Buffer.from('0061736d010000000105016000017f03020100070501016600000a06010400412a0b', 'hex');
		assert.strictEqual((await WebAssembly.instantiate(wasm)).instance.exports.f(), 42);
		let sum = 0; // long enough for the optimizing compiler, which writes and runs code
		for (let i = 0; i < 3e7; i++) sum = (sum + i) | 0;
		assert.strictEqual(sum, (3e7 * (3e7 - 1) / 2) | 0);
	},

	async fetch() {
		const reply = await fetch(`https://${UPSTREAM}/fetched`);
		assert.strictEqual(reply.status, 200);
		const body = await reply.json();
		assert.deepStrictEqual([body.name, body.path], [UPSTREAM, '/fetched']);
	},

	async certificate() {
		const request = https.get(`https://${UPSTREAM}/`, { agent: false });
		const [reply] = await once(request, 'response');
		assert.strictEqual(reply.socket.authorized, true);
		assert.strictEqual(reply.socket.getPeerCertificate().fingerprint256, FINGERPRINT);
		reply.destroy();
	},

	async refused_name() {
		await assert.rejects(fetch(`https://${REFUSED}/`), (e) => e.cause.code === 'ENOTFOUND');
	},

	async refused_address() {
		const socket = require('net').connect(443, '198.51.100.11');
		const [error] = await once(socket, 'error');
		assert.ok(['ENETUNREACH', 'EHOSTUNREACH'].includes(error.code), error.code);
	},
};

items[process.argv[2]]().catch((e) => {
	console.error(e);
	process.exit(1);
});

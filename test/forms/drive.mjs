// drive.mjs FORMS CHROMIUM: render each form in a browser, fill it in as a person would, and print TAP about what
// was seen; what was filled in goes to FORMS.filled, for the database to judge.
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import Ajv2020 from 'ajv/dist/2020.js';

const [, , formsFile, executablePath] = process.argv;
const forms = JSON.parse(readFileSync(formsFile, 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'forms-'));
let number = 0;
const ok = (right, what, detail = '') => {
	console.log(`${right ? 'ok' : 'not ok'} ${++number} - ${what}`);
	if (!right && detail) console.log(`# ${String(detail).slice(0, 500).replaceAll('\n', '\n# ')}`);
};

await build({ entryPoints: ['page.jsx'], bundle: true, outfile: join(folder, 'page.js'), jsx: 'transform', loader: { '.js': 'jsx' },
	define: { 'process.env.NODE_ENV': '"production"' }, logLevel: 'error' });
writeFileSync(join(folder, 'page.html'), '<!doctype html><meta charset="utf-8"><div id="root"></div><script src="page.js"></script>');
const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
	'--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const page = await browser.newPage();
page.setDefaultTimeout(5000);
const thrown = [];
page.on('pageerror', (e) => thrown.push(e.message));
await page.goto('file://' + join(folder, 'page.html'));

const data = () => page.evaluate(() => window.form.current.state.formData);
const valid = () => page.evaluate(() => window.valid());

// Every field that is to be seen below an element: text, numbers and choices are filled in.
async function fill(word) {
	for (const select of await page.locator('select:visible').all()) {
		const id = await select.getAttribute('id');
		if (/__(oneof|anyof)_select$/.test(id)) continue;
		const options = await select.locator('option').all();
		if (options.length > 1) await select.selectOption({ index: 1 });
	}
	for (const input of await page.locator('input:visible, textarea:visible').all()) {
		const type = await input.getAttribute('type');
		const placeholder = await input.getAttribute('placeholder');
		if (type === 'checkbox') await input.check();
		else if (type === 'radio') continue;
		else if (type === 'number') await input.fill(placeholder ?? (await input.getAttribute('min')) ?? '1');
		else await input.fill(placeholder || word);
	}
}

const filled = [];
for (const { id, form, schemas, secrets, order } of forms) {
	// as it comes, a validator takes all that is exported; what it would only warn of is told as well
	const told = [];
	for (const schema of schemas) {
		const logger = { log: (m) => told.push(m), warn: (m) => told.push(m), error: (m) => told.push(m) };
		try { new Ajv2020({ logger }).compile(schema); } catch (e) { told.push(e.message); }
	}
	ok(told.length === 0 && schemas.length === 5, `${id}: a strict validator takes its schemas of every level`, told.join('\n'));

	await page.evaluate((f) => window.show(f), form);
	ok(thrown.length === 0 && await page.locator('form').count() === 1, `${id}: the form is rendered`, thrown.splice(0).join('\n'));
	ok(!JSON.stringify(form.schema).includes('"type":"null"') && !/"type":\[/.test(JSON.stringify(form.schema)), `${id}: nothing in it is of type null`);
	// but for the first alternative of an object that there must be
	const given = await page.evaluate(() => window.form.current.state.formData);
	ok(Object.entries(given).every(([k, v]) => v === undefined || Object.keys(v).length === 0 || (form.schema.required ?? []).includes(k)), `${id}: nothing is filled in for anybody`, JSON.stringify(given));

	// the order of the catalogue
	const seen = (await page.evaluate(() => [...document.querySelectorAll('[id^="root_"]')].map((e) => e.id)))
		.map((i) => [...order].sort((a, b) => b.length - a.length).find((name) => i === `root_${name}` || i.startsWith(`root_${name}_`))).filter((n, i, all) => n && all.indexOf(n) === i);
	ok(seen.join() === order.filter((n) => seen.includes(n)).join() && seen.length === order.length, `${id}: its fields in their order`, seen.join());

	// arrays: one more, and one less
	for (const button of await page.locator('.btn-add:visible').all()) {
		const list = button.locator('xpath=ancestor::fieldset[1]');
		const before = await list.locator('.array-item').count();
		await button.click();
		await button.click();
		await list.locator('.array-item-remove').first().click();
		ok(await list.locator('.array-item').count() === before + 1, `${id}: an array takes one more and loses one`);
	}

	// alternatives: each can be chosen, and its secrets are none to be read
	const choices = page.locator('select[id$="__oneof_select"]:visible');
	const nchoices = await choices.count() ? await choices.first().locator('option').count() : 0;
	let last = null;
	for (let i = 0; i < Math.max(1, nchoices); i++) {
		if (nchoices > 0) {
			await choices.first().selectOption({ index: i });
			const label = await choices.first().locator('option').nth(i).textContent();
			const chosen = JSON.stringify(await data());
			ok(chosen !== last && !/^Option \d/.test(label) && await choices.first().inputValue() === String(i), `${id}: alternative "${label}" is chosen`, chosen);
			last = chosen;
		}
		const open = await page.evaluate((names) => [...document.querySelectorAll('input:not([type=password]), textarea')]
			.filter((e) => names.includes(e.id.split('_').pop()) || names.some((n) => e.id === `root_${n}` || e.id.endsWith(`_${n}`))).map((e) => e.id), secrets);
		const hidden = await page.locator('input[type=password]').count();
		ok(open.length === 0 && (hidden > 0 || secrets.length === 0 || nchoices > 0), `${id}: a secret is typed into a password's field`, open.join() + ' ' + hidden);
		await fill('filled');
		const problems = await valid();
		ok(problems.length === 0, `${id}: what is filled in is valid for the form`, problems.join('\n'));
		filled.push({ id, config: await data() });
	}
}
writeFileSync(formsFile + '.filled', JSON.stringify(filled));

// what is wrong is refused by the form, too
const wrong = forms.find((f) => f.id === 'slack');
await page.evaluate((f) => window.show(f), wrong.form);
await page.locator('#root_bot_token').fill('no token');
ok((await valid()).some((e) => /Bot token/.test(e)), 'slack: a token of another form is refused', (await valid()).join());

await browser.close();
rmSync(folder, { recursive: true });
console.log(`1..${number}`);

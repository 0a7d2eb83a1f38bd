// Judges the headers of a site by Mozilla's HTTP Observatory, and content security policies by
// Google's CSP Evaluator: node headers.mjs HOST:PORT POLICY... The answer is JSON.
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { CspEvaluator } from 'csp_evaluator/dist/evaluator.js';
import { CspParser } from 'csp_evaluator/dist/parser.js';

// The sites that browsers know for https: a list that the Observatory fetches when it is installed.
// This machine is not on it.
const list = new URL('conf/hsts-preload.json', 'file://' + createRequire(import.meta.url).resolve('@mdn/mdn-http-observatory/package.json'));
if (!existsSync(list)) writeFileSync(list, '{}');
const { scan } = await import('@mdn/mdn-http-observatory');

const [host, ...policies] = process.argv.slice(2);
const judged = await scan(host);
console.log(JSON.stringify({
	grade: judged.scan.grade,
	score: judged.scan.score,
	failed: Object.entries(judged.tests).filter(([, test]) => !test.pass).map(([name, test]) => `${name}: ${test.result}`),
	findings: policies.flatMap(policy => new CspEvaluator(new CspParser(policy).csp).evaluate().map(f => `${f.directive} ${f.value ?? ''}: ${f.description}`)),
}));

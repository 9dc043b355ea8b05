import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { errorTexts, messagesIn, TROUBLESHOOTING } from '../../tools/docs/errors';
import { formDigest } from '../../tools/docs/formDigest';
import { withGatewayTable } from '../../tools/docs/gateways';
import { withModelTables } from '../../tools/docs/models';

it('the tables of models in docs/models.md say what the catalogue says (npm run docs:models writes them)', () => {
	const page = readFileSync(resolve(__dirname, '..', '..', 'docs', 'models.md'), 'utf8');
	expect(page).toBe(withModelTables(page));
});

it('the table of gateways in docs/images-gateway.md says what is tested (npm run docs:gateways writes it)', () => {
	const page = readFileSync(resolve(__dirname, '..', '..', 'docs', 'images-gateway.md'), 'utf8');
	expect(page).toBe(withGatewayTable(page));
});

it('docs/troubleshooting.md has every error message of the code (npm run docs:errors writes them)', () => {
	const page = readFileSync(TROUBLESHOOTING, 'utf8');
	expect(messagesIn(page)).toEqual(errorTexts().map(({ message }) => message));
});

it('the screenshots show the form as it is (npm run docs:screenshots makes them)', () => {
	const shown = readFileSync(resolve(__dirname, '../../docs/images/form.sha256'), 'utf8').trim();
	expect(shown).toBe(formDigest());
});
